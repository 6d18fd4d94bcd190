import { expect, it } from 'vitest';
import { Pair } from './testing/index.ts';

/** The service on this port only takes; all others echo. */
const bulkPort = 9000;

/** A pair whose carriers share one link, with an upload that fills it. */
async function withBulk(carriers: number, late: number, shape: { delayMs: number; bytesPerMs: number }) {
  let taken = 0;
  const pair = new Pair({
    host: {
      openTcp: (to, _association, stream) => {
        stream.accept();
        const data = (bytes: Uint8Array) => {
          stream.consumed(bytes.length);
          if (to.port === bulkPort) taken += bytes.length;
          else stream.write(bytes);
        };
        return { data, end: () => stream.end(), reset: () => undefined, writable: () => undefined };
      },
    },
  });
  const shared = { left: { freeAt: 0 }, right: { freeAt: 0 } };
  await pair.connect(carriers, { ...shape, shared });
  const up = pair.open({ host: '10.0.2.60', port: bulkPort });
  const chunk = new Uint8Array(65_536);
  const pour = () => {
    while (up.stream?.write(chunk) === true);
  };
  up.then.writable = pour;
  pour();
  await pair.run(500);
  for (let more = 0; more < late; more += 1) pair.carrier({ ...shape, shared });
  await pair.run(4_500);
  return { pair, taken: () => taken };
}

/** Milliseconds of a connection and one byte there and back, the median of twenty. */
async function connectEcho(pair: Pair): Promise<number> {
  const took: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    const began = pair.time.monotonic();
    const stream = pair.open();
    while (!stream.opened_) await pair.run(1);
    stream.stream?.write(Uint8Array.of(1));
    while (stream.bytes === 0) await pair.run(1);
    took.push(pair.time.monotonic() - began);
    stream.stream?.reset();
    await pair.run(37);
  }
  return took.toSorted((a, b) => a - b)[10]!;
}

it.each([
  ['on one carrier', 1, 0, 1.5],
  ['on four carriers', 4, 0, 1.35],
  ['on four carriers, of which three came when the link was full', 1, 3, 1.35],
  ['on eight carriers, of which seven came when the link was full', 1, 7, 1.35],
])('does not wait long beside bulk on 100 Mbit/s and 40 ms, %s', async (_what, first, late, timesBare) => {
  const bytesPerMs = 12_500;
  const { pair, taken } = await withBulk(first, late, { delayMs: 20, bytesPerMs });
  const [before, began] = [taken(), pair.time.monotonic()];
  expect(await connectEcho(pair)).toBeLessThan(80 * timesBare);
  const share = (taken() - before) / (pair.time.monotonic() - began) / bytesPerMs;
  expect(share, 'the link is still full').toBeGreaterThan(0.95);
});

it('keeps a paced session full, and its queue short', async () => {
  const { pair, taken } = await withBulk(1, 0, { delayMs: 20, bytesPerMs: 800 });
  const [before, began] = [taken(), pair.time.monotonic()];
  expect(await connectEcho(pair)).toBeLessThan(200);
  expect((taken() - before) / (pair.time.monotonic() - began) / 800).toBeGreaterThan(0.95);
});
