import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../test/crypto.ts';
import { SimulatedPair, toHex, type LinkFaults } from '../testing/index.ts';

/** A small seeded generator (mulberry32), so that a failing run replays. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function randomBytes(length: number, random: () => number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

const digest = (bytes: Uint8Array) => toHex(sha256(bytes));

/** Sends `up` and `down` over one stream of a fresh pair and closes it; returns the pair and the stream. */
function exchange(seed: number, faults: LinkFaults, up: readonly Uint8Array[], down: readonly Uint8Array[]) {
  const pair = new SimulatedPair({ sha256, random: seeded(seed), faults }).start();
  const stream = pair.clientSession.open()!;
  pair.runUntil(() => pair.dialled.length === 1, 60_000);
  for (const bytes of up) pair.client.send(stream, bytes);
  for (const bytes of down) pair.agent.send(stream, bytes);
  const upLength = up.reduce((sum, bytes) => sum + bytes.length, 0);
  const downLength = down.reduce((sum, bytes) => sum + bytes.length, 0);
  const count = (end: SimulatedPair['client']) =>
    (end.received.get(stream) ?? []).reduce((sum, bytes) => sum + bytes.length, 0);
  const arrived = pair.runUntil(
    () => count(pair.agent) >= upLength && count(pair.client) >= downLength,
    3_600_000,
  );
  pair.client.close(stream);
  const closed = pair.runUntil(() => pair.agent.ended.has(stream), 600_000);
  return { pair, stream, arrived, closed };
}

const share = fc.integer({ min: 0, max: 25 }).map((percent) => percent / 100);
const faultsArbitrary = fc.record({
  drop: share,
  duplicate: share,
  reorder: share,
  reorderMs: fc.integer({ min: 1, max: 500 }),
});
// Chunks that are a lone line feed, end in one, or are anything.
const chunk = fc.oneof(
  fc.constant(Uint8Array.of(0x0a)),
  fc.uint8Array({ minLength: 1, maxLength: 3000 }).map((bytes) => Uint8Array.from([...bytes, 0x0a])),
  fc.uint8Array({ minLength: 1, maxLength: 5000 }),
);
const chunks = fc.array(chunk, { maxLength: 12 });

describe('a session over a path that drops, repeats, reorders and delays', () => {
  it('delivers on both sides exactly the bytes that were written', () => {
    fc.assert(
      fc.property(fc.nat(), faultsArbitrary, chunks, chunks, (seed, faults, up, down) => {
        const { pair, stream, arrived, closed } = exchange(seed, faults, up, down);
        expect({ arrived, closed }).toEqual({ arrived: true, closed: true });
        expect(digest(pair.agent.bytes(stream))).toBe(digest(Uint8Array.from(up.flatMap((b) => [...b]))));
        expect(digest(pair.client.bytes(stream))).toBe(digest(Uint8Array.from(down.flatMap((b) => [...b]))));
        expect(pair.closed).toBeUndefined();
        expect(pair.finished).toBeUndefined();
      }),
      { numRuns: 40 },
    );
  });

  it('carries 2 MB up and down with 5 % of all frames dropped, repeated and reordered', () => {
    const random = seeded(7);
    const up = randomBytes(2_000_000, random);
    const down = randomBytes(2_000_000, random);
    const faults = { drop: 0.05, duplicate: 0.05, reorder: 0.05, reorderMs: 80 };
    const { pair, stream, arrived } = exchange(11, faults, [up], [down]);
    expect(arrived).toBe(true);
    expect(digest(pair.agent.bytes(stream))).toBe(digest(up));
    expect(digest(pair.client.bytes(stream))).toBe(digest(down));
    // With one resend a tick, as the official ends do it, the same takes minutes.
    expect(pair.now).toBeLessThan(60_000);
  });

  it('heals a path that loses half of everything', () => {
    const bytes = randomBytes(20_000, seeded(3));
    const { pair, stream, arrived } = exchange(5, { drop: 0.5 }, [bytes], [bytes]);
    expect(arrived).toBe(true);
    expect(digest(pair.client.bytes(stream))).toBe(digest(bytes));
  });

  it('keeps many streams apart', () => {
    const pair = new SimulatedPair({
      sha256,
      random: seeded(21),
      faults: { drop: 0.05, reorder: 0.1, reorderMs: 60 },
    }).start();
    const random = seeded(22);
    const sent = new Map<number, Uint8Array>();
    for (let count = 0; count < 40; count += 1)
      sent.set(pair.clientSession.open()!, randomBytes(20_000, random));
    for (const [stream, bytes] of sent) pair.client.send(stream, bytes);
    for (const stream of sent.keys()) pair.client.close(stream);
    expect(pair.runUntil(() => pair.agent.ended.size === sent.size, 600_000)).toBe(true);
    for (const [stream, bytes] of sent) expect(digest(pair.agent.bytes(stream))).toBe(digest(bytes));
    expect(pair.agentSession.stats.streams).toBe(0);
    expect(pair.clientSession.stats.streams).toBe(0);
  });
});
