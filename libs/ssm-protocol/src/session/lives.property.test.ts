import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../test/crypto.ts';
import { joinBytes, SimulatedPair, type SimulatedEnd } from '../testing/index.ts';
import type { StreamId } from './contract.ts';

type Side = 'client' | 'agent';

interface Life {
  readonly stream: StreamId;
  readonly sent: Record<Side, Uint8Array[]>;
  /** Sides that closed in order, first first. */
  readonly closed: Side[];
  aborted: boolean;
}

type Step =
  | { readonly do: 'open' | 'cut' | 'reconnect' }
  | {
      readonly do: 'send' | 'close' | 'abort' | 'pause' | 'resume';
      readonly side: Side;
      readonly which: number;
      readonly size: number;
    }
  | { readonly do: 'run'; readonly ms: number };

const side = fc.constantFrom<Side>('client', 'agent');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>({ do: 'open' }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      side,
      which: fc.nat(20),
      size: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 600_000 })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('close' as const, 'pause' as const, 'resume' as const, 'abort' as const),
      side,
      which: fc.nat(20),
      size: fc.constant(0),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'cut' }, { do: 'reconnect' }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('run' as const), ms: fc.integer({ min: 1, max: 800 }) }),
  },
);

/** Bytes that tell where they belong: a wrong order or a wrong stream shows. */
function marked(life: Life, from: Side, size: number): Uint8Array {
  const before = life.sent[from].reduce((sum, bytes) => sum + bytes.length, 0);
  return Uint8Array.from(
    { length: size },
    (_, index) => (before + index) * 7 + life.stream * 31 + from.length,
  );
}

class World {
  readonly pair: SimulatedPair;
  readonly lives: Life[] = [];
  #online = true;

  constructor(seed: number, loss: number) {
    let state = seed >>> 0;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    const faults = { drop: loss, duplicate: loss, reorder: loss, reorderMs: 70 };
    this.pair = new SimulatedPair({ sha256, random, faults }).start();
  }

  take(step: Step): void {
    const { pair } = this;
    if ('which' in step) this.#onStream(step);
    else if (step.do === 'open') this.#open();
    else if (step.do === 'run') pair.runUntil(() => false, step.ms);
    else if (step.do === 'cut') this.#cut();
    else this.reconnect();
  }

  #open(): void {
    const stream = this.pair.clientSession.open();
    if (stream === undefined) throw new Error('no stream');
    this.lives.push({ stream, sent: { client: [], agent: [] }, closed: [], aborted: false });
  }

  #onStream(step: Extract<Step, { readonly which: number }>): void {
    const life = this.lives[step.which % Math.max(1, this.lives.length)];
    const end: SimulatedEnd = this.pair[step.side];
    const session = end.session!;
    const known = step.side === 'client' || this.pair.dialled.includes(life?.stream ?? 0);
    if (life === undefined || !known) return;
    const done = life.aborted || life.closed.includes(step.side) || end.ended.has(life.stream);
    if (step.do === 'pause') session.pauseReading(life.stream);
    if (step.do === 'resume') session.resumeReading(life.stream);
    if (done) return;
    if (step.do === 'send') {
      const bytes = marked(life, step.side, step.size);
      life.sent[step.side].push(bytes);
      end.send(life.stream, bytes);
    } else if (step.do === 'close') {
      life.closed.push(step.side);
      end.close(life.stream);
    } else if (step.do === 'abort') {
      life.aborted = true;
      session.abort(life.stream);
    }
  }

  #cut(): void {
    if (!this.#online) return;
    this.#online = false;
    this.pair.linked = false;
    this.pair.clientSession.disconnected(this.pair.now);
  }

  reconnect(): void {
    if (this.#online) return;
    this.#online = true;
    this.pair.linked = true;
    this.pair.clientSession.connected('token', this.pair.now);
  }

  /** Heals everything, lets all readers read, closes all that is open from the client, and lets it settle. */
  settle(): void {
    this.reconnect();
    const { pair } = this;
    for (const { stream } of this.lives) {
      pair.clientSession.resumeReading(stream);
      pair.agentSession.resumeReading(stream);
    }
    pair.runUntil(() => false, 120_000);
    for (const life of this.lives) {
      if (life.closed.length > 0 || life.aborted) continue;
      life.closed.push('client');
      pair.client.close(life.stream);
    }
    for (const { stream } of this.lives) pair.agentSession.resumeReading(stream);
    pair.runUntil(() => pair.clientSession.stats.unacknowledged === 0 && this.#streams() === 0, 600_000);
  }

  #streams(): number {
    return this.pair.clientSession.stats.streams + this.pair.agentSession.stats.streams;
  }

  check(): void {
    const { pair } = this;
    expect(pair.closed).toBeUndefined();
    expect(pair.finished).toBeUndefined();
    expect(this.#streams()).toBe(0);
    for (const life of this.lives) {
      for (const [from, to] of [
        ['client', 'agent'],
        ['agent', 'client'],
      ] as const) {
        const sent = joinBytes(life.sent[from]);
        const received = pair[to].bytes(life.stream);
        expect(received.length).toBeLessThanOrEqual(sent.length);
        expect(Buffer.compare(received, sent.subarray(0, received.length))).toBe(0);
        // Whoever closed alone has been heard to the last byte.
        if (!life.aborted && life.closed.join() === from) expect(received.length).toBe(sent.length);
      }
    }
  }
}

describe('streams that are opened, filled, paused, cut, closed and aborted in any order', () => {
  it('deliver a beginning of what was sent, all of it to the side that did not close, and leave nothing behind', () => {
    const steps = fc.array(step, { minLength: 5, maxLength: 60 });
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(0, 0.02, 0.1), steps, (seed, loss, list) => {
        const world = new World(seed, loss);
        for (const one of list) world.take(one);
        world.settle();
        world.check();
      }),
      { numRuns: Number(process.env['LIVES'] ?? 40) },
    );
  });
});
