import { expect, it } from 'vitest';
import type { Packer } from './contract.ts';
import { Pair } from './testing/index.ts';

/** The service on this port only takes; all others echo. */
const bulkPort = 9000;

interface Shape {
  readonly delayMs: number;
  readonly bytesPerMs: number;
}

/** A packer that finds nothing to pack. */
const inVain: Packer = { pack: () => undefined, unpack: (bytes) => bytes };

/** A pair whose carriers share one link, or have `own` ones, with an upload that fills them. */
async function withBulk(carriers: number, late: number, shape: Shape, own = false) {
  let taken = 0;
  const pair = new Pair({
    packer: inVain,
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
  const shared = own ? undefined : { left: { freeAt: 0 }, right: { freeAt: 0 } };
  const shapes = { ...shape, ...(shared ? { shared } : {}) };
  await pair.connect(carriers, shapes);
  const up = pair.open({ host: '10.0.2.60', port: bulkPort });
  const chunk = new Uint8Array(65_536);
  const pour = () => {
    while (up.stream?.write(chunk) === true);
  };
  up.then.writable = pour;
  pour();
  await pair.run(500);
  for (let more = 0; more < late; more += 1) pair.carrier(shapes);
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

/** What AWS lets through on one session. */
const paced = { delayMs: 20, bytesPerMs: 800 };

/** The median of a connection and an echo beside bulk, and the share of what all carriers can that the bulk has meanwhile. */
async function besideBulk(carriers: number, { pair, taken }: Awaited<ReturnType<typeof withBulk>>) {
  const [before, began] = [taken(), pair.time.monotonic()];
  const echo = await connectEcho(pair);
  const rate = (taken() - before) / (pair.time.monotonic() - began);
  return { echo, share: rate / paced.bytesPerMs / carriers };
}

it.each([1, 2])(
  'keeps %i paced sessions full with what does not pack, and their queues short',
  async (carriers) => {
    const { echo, share } = await besideBulk(carriers, await withBulk(carriers, 0, paced, true));
    expect(echo).toBeLessThan(130);
    expect(share).toBeGreaterThan(0.95);
  },
);

it('leaves one of eight paced sessions to small talk as long as there is any', async () => {
  const bulk = await withBulk(1, 7, paced, true);
  const { echo, share } = await besideBulk(8, bulk);
  expect(echo, 'as quick as without bulk').toBeLessThan(85);
  expect(share, 'seven of eight').toBeGreaterThan(0.85);
  await bulk.pair.run(5_000);
  const before = bulk.taken();
  await bulk.pair.run(5_000);
  expect((bulk.taken() - before) / 5_000 / paced.bytesPerMs / 8, 'and has it back').toBeGreaterThan(0.95);
});
