import { simulatedEffects } from '@sallyport/effects/simulated';
import { expect, it } from 'vitest';
import { NameStreams } from './name-streams.ts';

const query = Buffer.from([0, 2, 1, 2]);
const turn = () => new Promise((next) => setImmediate(next));

it('is not filled with answers that nobody reads, and goes on when they are read', async () => {
  const effects = simulatedEffects();
  let answered = 0;
  const stream = new NameStreams(effects, async () => {
    answered += 1;
    return Buffer.alloc(4_096);
  }).open()!;
  stream.write(Buffer.concat(Array.from({ length: 200 }, () => query)));
  for (let left = 50; left > 0; left -= 1) await turn();
  expect(answered).toBeLessThan(50);
  let read = 0;
  stream.on('data', (bytes: Buffer) => (read += bytes.length));
  for (let left = 1_000; left > 0 && answered < 200; left -= 1) await turn();
  expect([answered, read]).toEqual([200, 200 * (4_096 + 2)]);
  stream.destroy();
  expect(effects.time.pending).toBe(0);
});

it('ends where its program waits with answers unread', async () => {
  const effects = simulatedEffects();
  const stream = new NameStreams(effects, async () => Buffer.alloc(60_000)).open()!;
  const closed = new Promise((resolve) => stream.once('close', resolve));
  stream.write(Buffer.concat([query, query]));
  await turn();
  effects.time.advance(10_000);
  await closed;
});

it('refuses another while all are being answered', async () => {
  const effects = simulatedEffects();
  const streams = new NameStreams(effects, () => new Promise(() => undefined));
  const busy = Array.from({ length: 64 }, () => streams.open()!);
  for (const stream of busy) stream.write(query);
  await turn();
  expect(streams.open()).toBeUndefined();
  busy[0]!.destroy();
  await turn();
  expect(streams.open()).toBeDefined();
});
