import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Effects, TimerHandle } from '@sallyport/effects';
import { addressText, canonicalAddress, type Family } from '../packet/address.ts';
import type { PacketView } from '../packet/packet-view.ts';
import { turnedBack } from '../packet/swap.ts';
import type { Destination } from '../reach/reach.ts';
import { failureOf, type Failure } from './failure.ts';
import { joined, type Joined } from './joined.ts';

/** Connections that one source port may have to one address at once. */
const listenersEach = 4;
/** How long a program's kernel may take to finish a handshake that was let through. */
const acceptMs = 10_000;

/** A SYN that the thread holds back. */
export interface HeldSyn {
  readonly slot: number;
  readonly generation: number;
  readonly network: number;
  readonly listenPort: number;
  /** The SYN itself, and as it is read now. */
  readonly bytes: Uint8Array;
  readonly view: PacketView;
}

export interface TcpSideSettings {
  /** The device's addresses. */
  readonly addresses: readonly string[];
  readonly effects: Effects;
  readonly debug: (message: string) => void;
  readonly open: (to: Destination, network: number, signal: AbortSignal) => Promise<Duplex>;
  /** What becomes of a held SYN: it goes to the listener, in the form given here, or is answered. */
  readonly admit: (slot: number, generation: number, syn: Uint8Array) => void;
  readonly refuse: (slot: number, generation: number, failure: Failure) => void;
  /** The stream behind a connection is gone. */
  readonly release: (slot: number, generation: number) => void;
}

interface Admitted {
  readonly stream: Duplex;
  readonly slot: number;
  readonly generation: number;
  readonly late: TimerHandle;
}

/** TCP between listeners on the device's addresses and the reach: one connection for each SYN that was let through. */
export class TcpSide {
  /** Local ports of the listeners by family. */
  readonly listenPorts: { readonly 4: readonly number[]; readonly 6: readonly number[] };
  readonly #settings: TcpSideSettings;
  readonly #servers: readonly Server[];
  /** SYNs that wait for the far side, by slot and generation. */
  readonly #opening = new Map<string, AbortController>();
  /** Streams that wait for their connection, by the four numbers of it. */
  readonly #admitted = new Map<string, Admitted>();
  readonly #joined = new Map<string, Joined>();
  readonly #connects = { opened: 0, refused: 0, failed: 0 };
  #bytesUp = 0;
  #bytesDown = 0;
  #over = false;

  private constructor(settings: TcpSideSettings, servers: Readonly<Record<Family, readonly Server[]>>) {
    this.#settings = settings;
    this.#servers = [...servers[4], ...servers[6]];
    const portOf = (server: Server) => (server.address() as AddressInfo).port;
    this.listenPorts = { 4: servers[4].map(portOf), 6: servers[6].map(portOf) };
    for (const server of this.#servers) server.on('connection', (socket: Socket) => this.#accept(socket));
  }

  /** Listens on the device's addresses. */
  static async start(settings: TcpSideSettings): Promise<TcpSide> {
    const servers: Record<Family, Server[]> = { 4: [], 6: [] };
    try {
      for (const host of settings.addresses) {
        for (let count = 0; count < listenersEach; count += 1) {
          const server = createServer({ allowHalfOpen: true, noDelay: true });
          servers[host.includes(':') ? 6 : 4].push(server);
          await once(server.listen({ host, port: 0, backlog: 1024, exclusive: true }), 'listening');
        }
      }
    } catch (error) {
      for (const server of [...servers[4], ...servers[6]]) server.close();
      throw error;
    }
    return new TcpSide(settings, servers);
  }

  /** Asks the reach for the far side of a held SYN, and has it decided. */
  async take({ bytes, view, slot, generation, network, listenPort }: HeldSyn): Promise<void> {
    if (this.#over) return;
    const address = addressText(view.destinationBytes());
    const { sourcePort, destinationPort: port } = view;
    const key = `${slot} ${generation}`;
    const abort = new AbortController();
    this.#opening.set(key, abort);
    const { signal } = abort;
    let stream: Duplex;
    try {
      stream = await this.#settings.open({ address, port }, network, signal);
    } catch (error) {
      this.#fail(`${address}:${port}`, error, slot, generation);
      return;
    } finally {
      this.#opening.delete(key);
    }
    // Whatever becomes of it, its error is heard.
    stream.on('error', (error) => this.#settings.debug(`${address}:${port}: ${error.message}`));
    if (signal.aborted || stream.destroyed) {
      stream.destroy();
      this.#settings.refuse(slot, generation, 'reset');
      return;
    }
    this.#connects.opened += 1;
    const from = `${address} ${sourcePort} ${listenPort}`;
    const late = this.#settings.effects.timers.after(acceptMs, () => {
      this.#admitted.delete(from);
      stream.destroy();
      this.#settings.release(slot, generation);
    });
    this.#admitted.set(from, { stream, slot, generation, late });
    this.#settings.admit(slot, generation, turnedBack(bytes, listenPort));
  }

  #fail(to: string, error: unknown, slot: number, generation: number): void {
    const failure = failureOf(error);
    this.#connects[failure === 'reset' ? 'refused' : 'failed'] += 1;
    this.#settings.debug(`${to} cannot be had: ${String(error)}`);
    this.#settings.refuse(slot, generation, failure);
  }

  #accept(socket: Socket): void {
    const from = `${canonicalAddress(socket.remoteAddress ?? '0.0.0.0')} ${socket.remotePort} ${socket.localPort}`;
    const admitted = this.#admitted.get(from);
    socket.on('error', () => undefined);
    // Nothing was let through for it: another local process has dialled the listener itself, or its stream is gone again.
    if (admitted === undefined || admitted.stream.destroyed) {
      socket.resetAndDestroy();
      return;
    }
    this.#admitted.delete(from);
    this.#settings.effects.timers.cancel(admitted.late);
    const { slot, generation, stream } = admitted;
    const key = `${slot} ${generation}`;
    const pair = joined(socket, stream, () => {
      this.#joined.delete(key);
      this.#bytesUp += pair.bytesUp;
      this.#bytesDown += pair.bytesDown;
      this.#settings.release(slot, generation);
    });
    this.#joined.set(key, pair);
  }

  /** Resets connections that are no longer granted. */
  reset(slots: readonly (readonly [slot: number, generation: number])[]): void {
    for (const [slot, generation] of slots) {
      const key = `${slot} ${generation}`;
      this.#opening.get(key)?.abort();
      this.#joined.get(key)?.reset();
      for (const admitted of this.#admitted.values())
        if (admitted.slot === slot && admitted.generation === generation) admitted.stream.destroy();
    }
  }

  get connects(): { readonly opened: number; readonly refused: number; readonly failed: number } {
    return { ...this.#connects };
  }

  /** Connections joined now. */
  get size(): number {
    return this.#joined.size;
  }

  /** Bytes of all connections, those that ended among them. */
  bytes(): { readonly up: number; readonly down: number } {
    let up = this.#bytesUp;
    let down = this.#bytesDown;
    for (const pair of this.#joined.values()) {
      up += pair.bytesUp;
      down += pair.bytesDown;
    }
    return { up, down };
  }

  /** Resets everything and stops listening. */
  close(): void {
    this.#over = true;
    for (const abort of this.#opening.values()) abort.abort();
    for (const { stream, late } of this.#admitted.values()) {
      this.#settings.effects.timers.cancel(late);
      stream.destroy();
    }
    this.#admitted.clear();
    for (const pair of [...this.#joined.values()]) pair.reset();
    for (const server of this.#servers) server.close();
  }
}
