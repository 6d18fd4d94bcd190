import { describe, expect, it } from 'vitest';
import { Chance } from '../testing/chance.ts';
import { SlowPath } from '../testing/slow-path.ts';

const payloadBytes = 1016; // of a full message, without the smux header

/** Uploads over a path and looks at the time between `from` and `to`. */
function upload(path: SlowPath, from: number, to: number) {
  path.startBulk();
  path.run(() => false, from - path.now);
  const begun = path.bulkBytes;
  let queuedMax = 0;
  path.run(() => {
    queuedMax = Math.max(queuedMax, path.queued);
    return false;
  }, to - from);
  return { messages: (path.bulkBytes - begun) / payloadBytes, queuedMax };
}

const megabyte = 1_000_000 / payloadBytes;

describe('an upload', { timeout: 120_000 }, () => {
  it.each([
    { name: 'a slow agent nearby', rate: 0.5 * megabyte, oneWayMs: 1, until: 30_000 },
    { name: 'a slow agent far away', rate: 0.5 * megabyte, oneWayMs: 75, until: 40_000 },
    { name: 'a middling agent', rate: 10 * megabyte, oneWayMs: 10, until: 13_000 },
    { name: 'a fast agent nearby', rate: 200 * megabyte, oneWayMs: 0.5, until: 450 },
    { name: 'a fast agent a little away', rate: 60 * megabyte, oneWayMs: 10, until: 1_500 },
  ])('uses nine tenths of $name, and leaves no long queue', ({ rate, oneWayMs, until }) => {
    const path = new SlowPath({ messagesPerSecond: () => rate, oneWayMs });
    const from = until / 3;
    const { messages, queuedMax } = upload(path, from, until);
    const possible = (rate * (until - from)) / 1000;
    expect(messages / possible).toBeGreaterThan(0.9);
    // The queue that we are ready to make, twice over, and what a path of that rate needs to be kept busy at all.
    const base = 2 * oneWayMs + 1000 / rate;
    const queueMs = Math.min(60, Math.max(2, base));
    expect(queuedMax).toBeLessThan((2 * queueMs + base) * (rate / 1000) + 8);
  });

  it('follows an agent that becomes slower and faster again', () => {
    const phase = (now: number) => (now < 3_000 ? 10 : now < 13_000 ? 0.5 : 20) * megabyte;
    const path = new SlowPath({ messagesPerSecond: phase, oneWayMs: 5 });
    const fast = upload(path, 1_000, 3_000);
    expect(fast.messages).toBeGreaterThan(0.9 * 2 * 10 * megabyte);
    path.run(() => false, 2_000);
    expect(path.queued).toBeLessThan(40);
    const begun = path.bulkBytes;
    path.run(() => false, 8_000);
    expect((path.bulkBytes - begun) / payloadBytes).toBeGreaterThan(0.9 * 8 * 0.5 * megabyte);
    path.run(() => false, 1_000);
    const again = path.bulkBytes;
    path.run(() => false, 1_000);
    expect((path.bulkBytes - again) / payloadBytes).toBeGreaterThan(0.9 * 1 * 20 * megabyte);
  });

  it('does not crawl on a path whose delay wavers', () => {
    const chance = new Chance(4);
    const rate = 2 * megabyte;
    const path = new SlowPath({
      messagesPerSecond: () => rate,
      oneWayMs: 20,
      jitterMs: () => chance.between(0, 15),
    });
    const { messages } = upload(path, 3_000, 15_000);
    expect(messages).toBeGreaterThan(0.85 * 12 * rate);
  });

  it('finds its window again when the path itself becomes longer', () => {
    let oneWayMs = 5;
    const rate = 2 * megabyte;
    const path = new SlowPath({ messagesPerSecond: () => rate, oneWayMs, jitterMs: () => oneWayMs - 5 });
    upload(path, 1_000, 3_000);
    oneWayMs = 85;
    path.run(() => false, 30_000);
    const begun = path.bulkBytes;
    path.run(() => false, 10_000);
    expect((path.bulkBytes - begun) / payloadBytes).toBeGreaterThan(0.9 * 10 * rate);
  });
});

describe('an interactive flow beside uploads', { timeout: 120_000 }, () => {
  it.each([
    { name: 'a slow agent nearby', rate: 0.5 * megabyte, oneWayMs: 1 },
    { name: 'a slow agent far away', rate: 0.5 * megabyte, oneWayMs: 50 },
    { name: 'a middling agent', rate: 10 * megabyte, oneWayMs: 10 },
    { name: 'a fast agent nearby', rate: 100 * megabyte, oneWayMs: 0.5 },
  ])('waits at most three times as long as alone with $name', ({ rate, oneWayMs }) => {
    const path = new SlowPath({ messagesPerSecond: () => rate, oneWayMs });
    const stream = path.client.open()!;
    const idle = p99(path, stream, 40);
    for (let count = 0; count < 8; count += 1) path.startBulk();
    path.run(() => false, rate > 50 * megabyte ? 150 : 2_000);
    const beside = p99(path, stream, 100);
    expect(beside / idle).toBeLessThanOrEqual(3);
  });
});

function p99(path: SlowPath, stream: number, echoes: number): number {
  const times = Array.from({ length: echoes }, () => {
    path.run(() => false, 7);
    return path.echo(stream);
  });
  return times.toSorted((left, right) => left - right)[Math.ceil(echoes * 0.99) - 1]!;
}
