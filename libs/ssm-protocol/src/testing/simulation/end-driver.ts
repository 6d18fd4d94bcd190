import type { PortSession } from '../../session/contract.ts';
import type { Chance } from '../chance.ts';
import type { Side } from './flow.ts';
import type { SimulatedGateway, Socket } from './gateway.ts';
import type { Timeline } from './timeline.ts';

/** What a driver works with. */
export interface DriverWorld {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly gateway: SimulatedGateway;
  readonly note: (text: () => string) => void;
}

export interface DriverHost {
  /** The socket is open: says the token to the session. */
  attached(): void;
  /** The service does not let this end in again. */
  refused(): void;
}

const firstBackOffMs = 100;
const longestBackOffMs = 5000;
/** What the service takes to give out a new token. */
const newTokenMs = 30;
const messagesPerPump = 256;

/** The impure half of an end, as products have it: one socket at a time, back-off, a timer, pumping, back-pressure. */
export class EndDriver {
  readonly side: Side;
  socket: Socket | undefined;
  /** When the present socket was opened, virtual milliseconds. */
  attachedAt = 0;
  over = false;
  readonly #world: DriverWorld;
  readonly #session: PortSession;
  readonly #host: DriverHost;
  readonly #paced: boolean;
  #attempts = 0;
  #tickAt: number | undefined;
  #pumpDue = false;
  #reading = true;
  #inbox: Uint8Array[] = [];

  constructor(world: DriverWorld, side: Side, session: PortSession, host: DriverHost, paced: boolean) {
    this.#world = world;
    this.side = side;
    this.#session = session;
    this.#host = host;
    this.#paced = paced;
  }

  /** True when frames pass both ways. */
  get attached(): boolean {
    return this.socket !== undefined && this.socket.open && !this.socket.blackHole;
  }

  /** Opens a socket, after what a new token and the upgrade take. */
  connect(): void {
    const { timeline, gateway } = this.#world;
    timeline.after(newTokenMs, () => {
      if (this.over) return;
      const socket: Socket | undefined = gateway.accept(this.side, {
        frame: (bytes) => this.#received(bytes),
        closed: (code) => this.#lost(socket, code),
      });
      if (socket === undefined) {
        this.#world.note(() => `${this.side} is refused`);
        this.#host.refused();
        return;
      }
      this.socket = socket;
      this.attachedAt = timeline.now;
      this.#world.note(() => `${this.side} attached`);
      this.#host.attached();
      this.armTick();
    });
  }

  /** The dead peer is noticed: the socket that was swallowing is given up. */
  noticed(socket: Socket): void {
    if (this.socket !== socket || this.over) return;
    socket.abandon();
    this.#world.gateway.gone(this.side, socket);
    this.#lost(socket, 1006);
  }

  /** The end is over; its socket goes. */
  stop(): void {
    this.over = true;
    const { socket } = this;
    if (socket === undefined) return;
    this.socket = undefined;
    socket.abandon();
    this.#world.gateway.gone(this.side, socket);
  }

  frame(bytes: Uint8Array): void {
    this.socket?.send(bytes);
  }

  pumpSoon(): void {
    if (this.#pumpDue || this.over) return;
    this.#pumpDue = true;
    this.#world.timeline.after(this.#paced ? 1 : 0, () => {
      this.#pumpDue = false;
      if (this.over) return;
      const most = this.#paced ? 1 : messagesPerPump;
      const sent = this.#session.pump(this.#world.timeline.now, most);
      this.armTick();
      if (sent === most) this.pumpSoon();
    });
  }

  pressed(on: boolean): void {
    this.#reading = !on;
    if (on) return;
    // What waited in the socket is read in turns of its own: sessions must not be fed from within their callbacks.
    this.#world.timeline.after(0, () => {
      for (const frame of this.#inbox.splice(0)) this.#received(frame);
    });
  }

  armTick(): void {
    const at = this.#session.nextTickAt();
    if (at === undefined || (this.#tickAt !== undefined && this.#tickAt <= at)) return;
    this.#tickAt = at;
    this.#world.timeline.at(at, () => {
      if (this.#tickAt !== at) return;
      this.#tickAt = undefined;
      if (this.over) return;
      this.#session.tick(this.#world.timeline.now);
      this.armTick();
    });
  }

  #received(bytes: Uint8Array): void {
    if (this.over) return;
    this.#attempts = 0;
    if (!this.#reading) {
      this.#inbox.push(bytes);
      return;
    }
    this.#session.receive(bytes, this.#world.timeline.now);
    this.armTick();
  }

  #lost(socket: Socket | undefined, code: number): void {
    if (socket === undefined || this.socket !== socket || this.over) return;
    const { timeline, chance, gateway, note } = this.#world;
    note(() => `${this.side} lost its socket (${code})`);
    gateway.gone(this.side, socket);
    this.socket = undefined;
    this.#inbox = [];
    this.#session.disconnected(timeline.now);
    const most = Math.min(longestBackOffMs, firstBackOffMs * 2 ** this.#attempts);
    this.#attempts += 1;
    timeline.after(chance.between(0, most), () => this.connect());
  }
}
