import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Effects, TimerHandle } from '@sallyport/effects';
import { addressText, canonicalAddress, type Family } from '../packet/address.ts';
import { PacketView } from '../packet/packet-view.ts';
import { turnedBack } from '../packet/swap.ts';
import type { Destination, OpeningNow, OpenTold } from '../reach/reach.ts';
import { failureOf, type Failure } from './failure.ts';
import { joined, type Joined } from './joined.ts';
import { joinedEnd } from './joined-end.ts';
import type { TcpEnds } from '../edge/tcp-ends.ts';

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
  /** As `open`, where that needs no waiting; undefined where it does. */
  readonly openNow?: (to: Destination, network: number, told: OpenTold) => OpeningNow | undefined;
  /** What becomes of a held SYN: it goes to the listener, in the form given here, or is answered. */
  readonly admit: (slot: number, generation: number, syn: Uint8Array | undefined) => void;
  readonly refuse: (slot: number, generation: number, failure: Failure) => void;
  /** Where this process ends the programs' connections itself; else listeners of the kernel do. */
  readonly ends?: TcpEnds | undefined;
  /** The stream behind a connection is gone. */
  readonly release: (slot: number, generation: number) => void;
}

interface Admitted {
  readonly key: number;
  readonly stream: Duplex;
  readonly slot: number;
  readonly generation: number;
  /** By the monotonic clock. */
  readonly at: number;
}

/** A SYN of which the reach was asked. */
interface AskedSyn extends Pick<HeldSyn, 'slot' | 'generation' | 'listenPort' | 'bytes'> {
  readonly key: number;
  readonly to: Destination;
  readonly sourcePort: number;
}

/** One number for a connection of a slot: there are fewer slots than this. */
const slotsMax = 65_536;
const keyOf = (slot: number, generation: number) => generation * slotsMax + slot;

/** TCP between listeners on the device's addresses and the reach: one connection for each SYN that was let through. */
export class TcpSide {
  /** Local ports of the listeners by family. */
  readonly listenPorts: { readonly 4: readonly number[]; readonly 6: readonly number[] };
  readonly #settings: TcpSideSettings;
  readonly #servers: readonly Server[];
  /** SYNs that wait for the far side, by slot and generation. */
  readonly #opening = new Map<number, OpeningNow>();
  /** Streams that wait for their connection, by the four numbers of it. */
  readonly #admitted = new Map<string, Admitted>();
  readonly #joined = new Map<number, Joined>();
  #sweeping: TimerHandle | undefined;
  readonly #connects = { opened: 0, refused: 0, failed: 0 };
  #bytesUp = 0;
  #bytesDown = 0;
  #over = false;

  private constructor(settings: TcpSideSettings, servers: Readonly<Record<Family, readonly Server[]>>) {
    this.#settings = settings;
    this.#servers = [...servers[4], ...servers[6]];
    const portOf = (server: Server) => (server.address() as AddressInfo).port;
    this.listenPorts = { 4: servers[4].map(portOf), 6: servers[6].map(portOf) };
    for (const server of this.#servers) {
      const port = portOf(server);
      server.on('connection', (socket: Socket) => this.#accept(socket, port));
    }
  }

  /** Listens on the device's addresses. */
  static async start(settings: TcpSideSettings): Promise<TcpSide> {
    const servers: Record<Family, Server[]> = { 4: [], 6: [] };
    if (settings.ends !== undefined) return new TcpSide(settings, servers);
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
  take({ bytes, view, slot, generation, network, listenPort }: HeldSyn): void {
    if (this.#over) return;
    const to = { address: addressText(view.destinationBytes()), port: view.destinationPort };
    const key = keyOf(slot, generation);
    const syn: AskedSyn = { key, to, sourcePort: view.sourcePort, slot, generation, listenPort, bytes };
    let told = false;
    const outcome: OpenTold = {
      opened: (stream) => {
        told = true;
        this.#opening.delete(key);
        this.#opened(syn, stream);
      },
      failed: (error) => {
        told = true;
        this.#opening.delete(key);
        this.#fail(syn, error);
      },
    };
    let opening: OpeningNow | undefined;
    try {
      opening = this.#settings.openNow?.(to, network, outcome);
    } catch (error) {
      return this.#fail(syn, error);
    }
    if (!told) this.#opening.set(key, opening ?? this.#ask(to, network, outcome));
  }

  /** Asks a reach that lets wait. */
  #ask(to: Destination, network: number, { opened, failed }: OpenTold): OpeningNow {
    const abort = new AbortController();
    const { signal } = abort;
    this.#settings.open(to, network, signal).then((stream) => {
      if (!signal.aborted) return opened(stream);
      stream.on('error', () => undefined);
      stream.destroy();
    }, failed);
    return { abandon: () => abort.abort() };
  }

  #opened(
    { key, to: { address, port }, sourcePort, listenPort, slot, generation, bytes }: AskedSyn,
    stream: Duplex,
  ): void {
    // Whatever becomes of it, its error is heard.
    stream.on('error', (error) => this.#settings.debug(`${address}:${port}: ${error.message}`));
    if (this.#over || stream.destroyed) {
      stream.destroy();
      this.#settings.refuse(slot, generation, 'reset');
      return;
    }
    this.#connects.opened += 1;
    const { ends } = this.#settings;
    if (ends !== undefined) return this.#endHere(ends, key, slot, generation, bytes, stream);
    const at = this.#settings.effects.clock.monotonic();
    this.#admitted.set(`${address} ${sourcePort} ${listenPort}`, { key, stream, slot, generation, at });
    this.#settings.admit(slot, generation, turnedBack(bytes, listenPort));
    this.#sweeping ??= this.#settings.effects.timers.after(acceptMs, () => this.#sweep());
  }

  #endHere(
    ends: TcpEnds,
    key: number,
    slot: number,
    generation: number,
    syn: Uint8Array,
    stream: Duplex,
  ): void {
    const view = new PacketView();
    view.read(syn, 0, syn.length);
    const pair = joinedEnd(stream, { ends, slot, syn: view }, () =>
      this.#isOver(key, pair, slot, generation),
    );
    this.#joined.set(key, pair);
    this.#settings.admit(slot, generation, undefined);
  }

  #isOver(key: number, pair: Joined, slot: number, generation: number): void {
    this.#joined.delete(key);
    this.#bytesUp += pair.bytesUp;
    this.#bytesDown += pair.bytesDown;
    this.#settings.release(slot, generation);
  }

  /** Gives up what no kernel has finished a handshake for. */
  #sweep(): void {
    const { clock, timers } = this.#settings.effects;
    const now = clock.monotonic();
    this.#sweeping = undefined;
    for (const [from, { stream, slot, generation, at }] of this.#admitted) {
      if (now - at < acceptMs) break;
      this.#admitted.delete(from);
      stream.destroy();
      this.#settings.release(slot, generation);
    }
    const [oldest] = this.#admitted.values();
    if (oldest) this.#sweeping = timers.after(Math.max(1, oldest.at + acceptMs - now), () => this.#sweep());
  }

  #fail({ to: { address, port }, slot, generation }: AskedSyn, error: unknown): void {
    const failure = failureOf(error);
    this.#connects[failure === 'reset' ? 'refused' : 'failed'] += 1;
    this.#settings.debug(`${address}:${port} cannot be had: ${String(error)}`);
    this.#settings.refuse(slot, generation, failure);
  }

  #accept(socket: Socket, listenPort: number): void {
    const address = socket.remoteAddress ?? '0.0.0.0';
    // The kernel tells IPv4 in its one form.
    const plain = address.includes(':') ? canonicalAddress(address) : address;
    const from = `${plain} ${socket.remotePort} ${listenPort}`;
    const admitted = this.#admitted.get(from);
    socket.on('error', () => undefined);
    // Nothing was let through for it: another local process has dialled the listener itself, or its stream is gone again.
    if (admitted === undefined || admitted.stream.destroyed) {
      socket.resetAndDestroy();
      return;
    }
    this.#admitted.delete(from);
    const { key, slot, generation, stream } = admitted;
    const pair = joined(socket, stream, () => this.#isOver(key, pair, slot, generation));
    this.#joined.set(key, pair);
  }

  /** Resets connections that are no longer granted. */
  reset(slots: readonly (readonly [slot: number, generation: number])[]): void {
    for (const [slot, generation] of slots) {
      const key = keyOf(slot, generation);
      this.#opening.get(key)?.abandon();
      this.#opening.delete(key);
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
    for (const [key, opening] of this.#opening) {
      opening.abandon();
      // A program that waits for an answer is told that none will come.
      const slot = key % slotsMax;
      this.#settings.refuse(slot, (key - slot) / slotsMax, { unreachable: 'network' });
    }
    this.#opening.clear();
    if (this.#sweeping) this.#settings.effects.timers.cancel(this.#sweeping);
    for (const { stream } of this.#admitted.values()) stream.destroy();
    this.#admitted.clear();
    for (const pair of [...this.#joined.values()]) pair.reset();
    for (const server of this.#servers) server.close();
    this.#settings.ends?.close();
  }
}
