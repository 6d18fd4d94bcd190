import { channelClosedPayload } from '../../message/bodies.ts';
import { encodeMessage } from '../../message/encode.ts';
import { messageTypes } from '../../message/message-type.ts';
import type { Chance } from '../chance.ts';
import { digestForSimulations } from './digest.ts';
import type { Side } from './flow.ts';
import type { Plan } from './plan.ts';
import type { Timeline } from './timeline.ts';

/** What an end hears of its socket. */
export interface SocketHost {
  frame(bytes: Uint8Array): void;
  closed(code: number): void;
}

/** A WebSocket between an end and the gateway. Frames in flight are lost with it. */
export class Socket {
  open = true;
  /** Swallows everything, both ways, and neither end is told. */
  blackHole = false;
  readonly #timeline: Timeline;
  readonly #oneWayMs: number;
  readonly #host: SocketHost;
  readonly #arrived: (frame: Uint8Array) => void;

  constructor(timeline: Timeline, oneWayMs: number, host: SocketHost, arrived: (frame: Uint8Array) => void) {
    this.#timeline = timeline;
    this.#oneWayMs = oneWayMs;
    this.#host = host;
    this.#arrived = arrived;
  }

  /** From the end to the gateway. */
  send(frame: Uint8Array): void {
    this.#carry(() => this.#arrived(frame), 0);
  }

  /** From the gateway to the end. */
  deliver(frame: Uint8Array, heldMs = 0): void {
    this.#carry(() => this.#host.frame(frame), heldMs);
  }

  #carry(arrive: () => void, heldMs: number): void {
    this.#timeline.after(this.#oneWayMs + heldMs, () => {
      if (this.open && !this.blackHole) arrive();
    });
  }

  /** The gateway closes: what it has sent arrives, then the end hears of it. */
  closeByGateway(code: number): void {
    this.#timeline.after(this.#oneWayMs, () => {
      if (!this.blackHole) this.reset(code);
    });
  }

  /** The connection breaks at once. */
  reset(code = 1006): void {
    if (!this.open) return;
    this.open = false;
    this.#host.closed(code);
  }

  /** The end gives it up, and needs not be told. */
  abandon(): void {
    this.open = false;
  }
}

const heldMax = 64;
const lateMs = 100;

/** The message gateway as an actor of its own: relays, loses, repeats, holds back, pauses, closes, restarts, forgets. */
export class SimulatedGateway {
  readonly sockets: Partial<Record<Side, Socket>> = {};
  /** The session is gone: nobody is let in any more. */
  ended = false;
  /** Nothing goes wrong any more. */
  calm = false;
  relayed = 0;
  readonly #timeline: Timeline;
  readonly #plan: Plan;
  readonly #chance: Chance;
  #held: Record<Side, Uint8Array[]> = { client: [], agent: [] };
  #ids = 0;

  constructor(timeline: Timeline, plan: Plan, chance: Chance) {
    this.#timeline = timeline;
    this.#plan = plan;
    this.#chance = chance;
  }

  /** Opens a socket for an end; undefined when the session is gone. A newer socket of the same end replaces the older. */
  accept(side: Side, host: SocketHost): Socket | undefined {
    if (this.ended) return undefined;
    this.sockets[side]?.closeByGateway(1000);
    const socket = new Socket(this.#timeline, this.#plan.oneWayMs[side], host, (frame) =>
      this.#relay(side, frame),
    );
    this.sockets[side] = socket;
    if (side === 'client' && this.#plan.pausesAgent) this.#tell('agent', messageTypes.startPublication);
    for (const frame of this.#held[side].splice(0)) socket.deliver(frame);
    return socket;
  }

  /** The gateway notices that an end's socket is gone. */
  gone(side: Side, socket: Socket): void {
    if (this.sockets[side] !== socket) return;
    this.sockets[side] = undefined;
    if (side === 'client' && this.#plan.pausesAgent) this.#tell('agent', messageTypes.pausePublication);
  }

  /** Closes both sockets, as the service does about hourly. */
  close(): void {
    for (const side of ['client', 'agent'] as const) this.sockets[side]?.closeByGateway(1000);
  }

  /** Everything that it knew of frames is gone. */
  restart(): void {
    this.#held = { client: [], agent: [] };
    for (const side of ['client', 'agent'] as const) this.sockets[side]?.reset();
  }

  pauseAgent(): void {
    this.#tell('agent', messageTypes.pausePublication);
    this.#timeline.after(1000, () => this.#tell('agent', messageTypes.startPublication));
  }

  /** The session is over: both ends are told, and nobody is let in again. */
  end(output: string): void {
    if (this.ended) return;
    this.ended = true;
    const payload = channelClosedPayload({
      messageId: 'm',
      destinationId: 'd',
      sessionId: 's',
      createdDate: '2026-01-01T00:00:00.000Z',
      output,
    });
    for (const side of ['client', 'agent'] as const) {
      this.sockets[side]?.deliver(this.#message(messageTypes.channelClosed, payload));
    }
  }

  #relay(from: Side, frame: Uint8Array): void {
    if (isSessionState(frame)) return;
    this.relayed += 1;
    const to = from === 'client' ? 'agent' : 'client';
    const chance = this.#chance;
    const { drop, duplicate, reorder, reorderMs } = this.#plan;
    if (!this.calm && chance.happens(drop)) return;
    this.#pass(to, frame, !this.calm && chance.happens(reorder) ? chance.between(0, reorderMs) : 0);
    if (!this.calm && chance.happens(duplicate)) this.#pass(to, frame, chance.between(0, lateMs));
  }

  #pass(to: Side, frame: Uint8Array, heldMs: number): void {
    const socket = this.sockets[to];
    if (socket?.open === true) socket.deliver(frame, heldMs);
    else if (this.#plan.keepsForAbsent && this.#held[to].length < heldMax) this.#held[to].push(frame);
  }

  #tell(side: Side, messageType: string): void {
    this.sockets[side]?.deliver(this.#message(messageType, Uint8Array.of(0x7b, 0x7d)));
  }

  #message(messageType: string, payload: Uint8Array): Uint8Array {
    this.#ids += 1;
    return encodeMessage(
      {
        messageType,
        createdDate: 1_700_000_000_000,
        sequenceNumber: 0,
        flags: 3,
        messageId: `00112233-4455-4677-8899-${this.#ids.toString(16).padStart(12, '0')}`,
        payloadType: 0,
        payload,
      },
      digestForSimulations,
    );
  }
}

/** `agent_session_state` is meant for the gateway; told from `acknowledge` by its second letter. */
function isSessionState(frame: Uint8Array): boolean {
  return frame[4] === 0x61 && frame[5] === 0x67;
}
