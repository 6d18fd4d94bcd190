import type { WireEnvironment } from '../environment.ts';
import { createAgentSession } from '../session/agent-session.ts';
import { createClientSession } from '../session/client-session.ts';
import type { AgentSession, ClientSession, SessionSink, StreamId } from '../session/contract.ts';
import { digestForSimulations } from './simulation/digest.ts';

export interface SlowPathOptions {
  /** Messages a second that the agent takes; may change with time (milliseconds). */
  readonly messagesPerSecond: (now: number) => number;
  readonly oneWayMs: number;
  /** Added to each frame's way up, milliseconds, without changing the order. */
  readonly jitterMs?: () => number;
}

interface Flight {
  readonly at: number;
  readonly frame: Uint8Array;
}

const uploadChunk = new Uint8Array(65_536);

/**
 * A client that uploads to an agent which takes messages one after the other at a rate of its own; what comes faster stands in line
 * before it. Echo streams measure how long a small message waits beside the bulk. Simulated time.
 */
export class SlowPath {
  readonly client: ClientSession;
  readonly agent: AgentSession;
  now = 0;
  /** Messages in line before the agent now. */
  queued = 0;
  bulkBytes = 0;
  readonly #options: SlowPathOptions;
  readonly #up: Flight[] = [];
  readonly #down: Flight[] = [];
  #upHead = 0;
  #downHead = 0;
  #agentFreeAt = 0;
  #lastUpAt = 0;
  #bulk = new Set<StreamId>();
  readonly #echoed = new Set<StreamId>();

  constructor(options: SlowPathOptions) {
    this.#options = options;
    const environment: WireEnvironment = {
      sha256: digestForSimulations,
      uuid: () => '00112233-4455-4677-8899-aabbccddeeff',
      wallTime: () => 1_700_000_000_000 + this.now,
    };
    const shared: Omit<SessionSink, 'frame' | 'data' | 'writable'> = {
      text: () => undefined,
      sendable: () => undefined,
      readPressure: () => undefined,
      end: () => undefined,
      discarded: () => undefined,
    };
    this.client = createClientSession(
      { environment },
      {
        ...shared,
        frame: (frame) => this.#rise(frame),
        data: (stream) => void this.#echoed.add(stream),
        writable: (stream) => this.#feed(stream),
        ready: () => undefined,
        connectFailed: () => undefined,
        closed: () => undefined,
      },
    );
    this.agent = createAgentSession(
      {
        environment,
        sessionId: 's',
        instanceId: 'i',
        properties: { type: 'LocalPortForwarding', portNumber: '1' },
      },
      {
        ...shared,
        frame: (frame) => void this.#down.push({ at: this.now + options.oneWayMs, frame }),
        data: (stream, bytes) => {
          if (this.#bulk.has(stream)) this.bulkBytes += bytes.length;
          else this.agent.write(stream, bytes.slice());
        },
        writable: () => undefined,
        ready: () => undefined,
        dial: (stream) => this.agent.dialed(stream),
        finished: () => undefined,
      },
    );
    this.client.connected('token', 0);
    this.agent.connected('token', 0);
    this.run(() => this.client.stats.messagesReceived >= 2, 10_000);
  }

  /** Begins an upload without end. */
  startBulk(): StreamId {
    const stream = this.client.open()!;
    this.#bulk.add(stream);
    this.#feed(stream);
    return stream;
  }

  /** Sends 16 bytes on the stream and runs until they are back; milliseconds. */
  echo(stream: StreamId): number {
    const begun = this.now;
    this.#echoed.delete(stream);
    this.client.write(stream, new Uint8Array(16));
    if (!this.run(() => this.#echoed.has(stream), 60_000)) throw new Error('the echo did not come back');
    return this.now - begun;
  }

  /** Runs until `done`, `forMs` at most. True when it was done. */
  run(done: () => boolean, forMs: number): boolean {
    const end = this.now + forMs;
    for (;;) {
      this.client.pump(this.now);
      this.agent.pump(this.now);
      if (done()) return true;
      const next = Math.min(
        this.#up[this.#upHead]?.at ?? end,
        this.#down[this.#downHead]?.at ?? end,
        this.client.nextTickAt() ?? end,
        this.agent.nextTickAt() ?? end,
      );
      if (next >= end) {
        this.now = end;
        return false;
      }
      this.now = Math.max(this.now, next);
      this.#deliver();
      this.client.tick(this.now);
      this.agent.tick(this.now);
    }
  }

  #feed(stream: StreamId): void {
    while (this.client.write(stream, uploadChunk) === uploadChunk.length);
  }

  #rise(frame: Uint8Array): void {
    const { oneWayMs, jitterMs, messagesPerSecond } = this.#options;
    const arrives = Math.max(this.#lastUpAt, this.now + oneWayMs + (jitterMs?.() ?? 0));
    this.#lastUpAt = arrives;
    const begins = Math.max(arrives, this.#agentFreeAt);
    // Acknowledgements cost the agent next to nothing; what it hands to its destination is what takes time.
    this.#agentFreeAt = begins + (isAcknowledgement(frame) ? 0 : 1000 / messagesPerSecond(begins));
    this.queued += 1;
    this.#up.push({ at: this.#agentFreeAt, frame });
  }

  #deliver(): void {
    while (this.#upHead < this.#up.length && this.#up[this.#upHead]!.at <= this.now) {
      this.queued -= 1;
      this.agent.receive(this.#up[this.#upHead++]!.frame, this.now);
    }
    while (this.#downHead < this.#down.length && this.#down[this.#downHead]!.at <= this.now) {
      const { frame } = this.#down[this.#downHead++]!;
      // The agent's state is kept by the gateway.
      if (!(frame[4] === 0x61 && frame[5] === 0x67)) this.client.receive(frame, this.now);
    }
    this.#upHead = forget(this.#up, this.#upHead);
    this.#downHead = forget(this.#down, this.#downHead);
  }
}

function isAcknowledgement(frame: Uint8Array): boolean {
  return frame[4] === 0x61 && frame[5] === 0x63;
}

function forget(flights: Flight[], head: number): number {
  if (head < 4096 && head < flights.length) return head;
  flights.splice(0, head);
  return 0;
}
