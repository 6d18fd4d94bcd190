import type { WireEnvironment } from '../environment.ts';
import type { WireReason } from '../errors.ts';
import { parseMessage } from '../message/decode.ts';
import { messageTypes } from '../message/message-type.ts';
import { createAgentSession } from '../session/agent-session.ts';
import { createClientSession } from '../session/client-session.ts';
import type {
  AgentEnd,
  AgentSession,
  ClientEnd,
  ClientReady,
  ClientSession,
  PortProperties,
  PortSession,
  StreamId,
} from '../session/contract.ts';

/** What the path between the two ends does to frames; each is a share 0..1. */
export interface LinkFaults {
  readonly drop?: number;
  readonly duplicate?: number;
  /** Frames held back long enough for later ones to overtake. */
  readonly reorder?: number;
  /** How long those are held back, milliseconds. */
  readonly reorderMs?: number;
}

export interface SimulatedPairOptions {
  readonly sha256: WireEnvironment['sha256'];
  /** Chance in [0, 1), seeded. */
  readonly random: () => number;
  readonly faults?: LinkFaults;
  readonly oneWayMs?: number;
  readonly properties?: PortProperties;
  readonly clientVersion?: string;
  readonly agentVersion?: string;
  readonly kmsKeyId?: string;
  /** Nothing is delivered to an end that asked for it to stop, as by a driver whose socket is paused; by default everything is. */
  readonly obeysPressure?: boolean;
  /** Called when the agent is asked to dial; default answers `dialed` at once. */
  readonly dial?: (pair: SimulatedPair, stream: StreamId) => void;
  /** Each frame as it is put on the path, before faults; for tests that look at the wire. */
  readonly onFrame?: (from: 'client' | 'agent', frame: Uint8Array, now: number) => void;
}

interface Flight {
  readonly at: number;
  readonly order: number;
  readonly to: 'client' | 'agent';
  readonly frame: Uint8Array;
}

/** One end with everything that it told its sink. */
export class SimulatedEnd {
  readonly received = new Map<StreamId, Uint8Array[]>();
  readonly ended = new Set<StreamId>();
  readonly discarded: WireReason[] = [];
  readonly texts: string[] = [];
  readonly pressure: boolean[] = [];
  sendable = false;
  readonly #waiting = new Map<StreamId, Uint8Array[]>();
  readonly #endAfter = new Set<StreamId>();
  session: PortSession | undefined;

  /** Writes everything, waiting for room as often as needed. */
  send(stream: StreamId, bytes: Uint8Array): void {
    const waiting = this.#waiting.get(stream) ?? [];
    waiting.push(bytes);
    this.#waiting.set(stream, waiting);
    this.flush(stream);
  }

  /** Closes when everything given to `send` was taken. */
  close(stream: StreamId): void {
    this.#endAfter.add(stream);
    this.flush(stream);
  }

  flush(stream: StreamId): void {
    const waiting = this.#waiting.get(stream) ?? [];
    while (waiting.length > 0) {
      const bytes = waiting[0]!;
      const taken = this.session!.write(stream, bytes);
      if (taken < bytes.length) {
        waiting[0] = bytes.subarray(taken);
        return;
      }
      waiting.shift();
    }
    if (this.#endAfter.delete(stream)) this.session!.end(stream);
  }

  /** How many bytes were received on a stream. */
  bytesReceived(stream: StreamId): number {
    return (this.received.get(stream) ?? []).reduce((sum, piece) => sum + piece.length, 0);
  }

  /** All bytes received on a stream, joined. */
  bytes(stream: StreamId): Uint8Array {
    return joinBytes(this.received.get(stream) ?? []);
  }
}

/**
 * A client and an agent joined by a path that drops, repeats and delays whole frames, in simulated time. The clock jumps
 * to the next thing that happens, so minutes of resending take milliseconds.
 */
export class SimulatedPair {
  readonly client = new SimulatedEnd();
  readonly agent = new SimulatedEnd();
  readonly clientSession: ClientSession;
  readonly agentSession: AgentSession;
  readonly dialled: StreamId[] = [];
  ready: ClientReady | undefined;
  closed: ClientEnd | undefined;
  finished: AgentEnd | undefined;
  connectFailures = 0;
  /** Whether frames reach the other side; false is a cut cable. */
  linked = true;
  now = 0;
  readonly #options: SimulatedPairOptions;
  #flights: Flight[] = [];
  /** What has come for an end that does not read. */
  #stopped: Flight[] = [];
  #order = 0;

  constructor(options: SimulatedPairOptions) {
    this.#options = options;
    const environment = this.#environment();
    this.clientSession = createClientSession(
      { environment, clientVersion: options.clientVersion, handshakeTimeoutMs: 120_000 },
      {
        ...this.#sink('client'),
        ready: (info) => (this.ready = info),
        connectFailed: () => (this.connectFailures += 1),
        closed: (end) => (this.closed = end),
      },
    );
    this.agentSession = createAgentSession(
      {
        environment,
        sessionId: 'someone-0123456789abcdef0',
        instanceId: 'i-0123456789abcdef0',
        properties: options.properties ?? { portNumber: '5432', type: 'LocalPortForwarding' },
        agentVersion: options.agentVersion,
        kmsKeyId: options.kmsKeyId,
      },
      {
        ...this.#sink('agent'),
        ready: () => undefined,
        dial: (stream) => {
          this.dialled.push(stream);
          if (options.dial !== undefined) options.dial(this, stream);
          else this.agentSession.dialed(stream);
        },
        finished: (end) => (this.finished = end),
      },
    );
    this.client.session = this.clientSession;
    this.agent.session = this.agentSession;
  }

  /** Connects both sockets and runs until the client is ready (or it takes more than a minute). */
  start(): this {
    this.clientSession.connected('client-token', this.now);
    this.agentSession.connected('agent-token', this.now);
    this.runUntil(() => this.ready !== undefined || this.closed !== undefined, 60_000);
    return this;
  }

  /** Runs until `done`, or for `forMs` at most. True when it was done. */
  runUntil(done: () => boolean, forMs: number): boolean {
    const end = this.now + forMs;
    for (;;) {
      this.#pump();
      if (done()) return true;
      const next = this.#nextEventAt();
      if (next === undefined || next > end) {
        this.now = Math.max(this.now, next === undefined ? this.now : end);
        return false;
      }
      this.now = Math.max(this.now, next);
      this.#deliverDue();
      this.clientSession.tick(this.now);
      this.agentSession.tick(this.now);
    }
  }

  #pump(): void {
    while (this.client.sendable || this.agent.sendable) {
      for (const end of [this.client, this.agent]) {
        if (!end.sendable) continue;
        end.sendable = false;
        end.session!.pump(this.now);
      }
    }
  }

  #nextEventAt(): number | undefined {
    const times = [this.clientSession.nextTickAt(), this.agentSession.nextTickAt(), this.#flights[0]?.at];
    const due = times.filter((time) => time !== undefined);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  #deliverDue(): void {
    while (this.#flights.length > 0 && this.#flights[0]!.at <= this.now) {
      const flight = this.#flights.shift()!;
      const { to, frame } = flight;
      if (!this.linked) continue;
      if (this.#options.obeysPressure === true && this[to].pressure.at(-1) === true) {
        this.#stopped.push(flight);
        continue;
      }
      // A copy, as a socket would give; and in a Buffer-like view of something larger.
      this[to].session!.receive(frame.slice(), this.now);
    }
  }

  /** Whoever reads again finds first what waited in its socket. */
  #goOn(end: SimulatedEnd): void {
    const waited = this.#stopped.filter(({ to }) => this[to] === end);
    this.#stopped = this.#stopped.filter((flight) => !waited.includes(flight));
    this.#flights.unshift(...waited.map((flight) => ({ ...flight, at: this.now })));
  }

  #put(from: 'client' | 'agent', frame: Uint8Array): void {
    const { faults = {}, random, oneWayMs = 5, onFrame } = this.#options;
    onFrame?.(from, frame, this.now);
    const to = from === 'client' ? 'agent' : 'client';
    const parsed = parseMessage(frame);
    // The gateway keeps these to itself.
    if (parsed.ok && parsed.message.messageType === messageTypes.agentSessionState) return;
    if (!this.linked || random() < (faults.drop ?? 0)) return;
    const copies = random() < (faults.duplicate ?? 0) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const held = random() < (faults.reorder ?? 0) ? random() * (faults.reorderMs ?? 50) : 0;
      this.#insert({ at: this.now + oneWayMs + held, order: this.#order++, to, frame });
    }
  }

  #insert(flight: Flight): void {
    let low = 0;
    let high = this.#flights.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#flights[middle]!;
      if (other.at < flight.at || (other.at === flight.at && other.order < flight.order)) low = middle + 1;
      else high = middle;
    }
    this.#flights.splice(low, 0, flight);
  }

  #sink(side: 'client' | 'agent') {
    const end = this[side];
    return {
      frame: (bytes: Uint8Array) => this.#put(side, bytes),
      text: (text: string) => void end.texts.push(text),
      sendable: () => (end.sendable = true),
      readPressure: (on: boolean) => {
        end.pressure.push(on);
        if (!on) this.#goOn(end);
      },
      data: (stream: StreamId, bytes: Uint8Array) => {
        const list = end.received.get(stream) ?? [];
        list.push(bytes.slice());
        end.received.set(stream, list);
      },
      end: (stream: StreamId) => void end.ended.add(stream),
      writable: (stream: StreamId) => end.flush(stream),
      discarded: (reason: WireReason) => void end.discarded.push(reason),
    };
  }

  #environment(): WireEnvironment {
    let ids = 0;
    return {
      sha256: this.#options.sha256,
      uuid: () => `00000000-0000-4000-8000-${(ids += 0x1_0000_0000).toString(16).padStart(12, '0')}`,
      wallTime: () => 1_700_000_000_000 + this.now,
    };
  }
}

/** Joins pieces into one array. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
