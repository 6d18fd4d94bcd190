import { expect, it } from 'vitest';
import { fuzzPackets, fuzzQueries } from './fuzz.ts';
import { fuzzEnds } from './fuzz-ends.ts';
import { fuzzPath } from './fuzz-path.ts';

// `npm run proof -- packet-fuzz` runs ten million packets and one million questions.
it.each([1])('hostile packets are read, judged and answered soundly, seed %i', (seed) => {
  expect(fuzzPackets(seed, 20_000)).toEqual([]);
});

it.each([1])(
  'hostile packets between open connections take the path of the device soundly, seed %i',
  (seed) => {
    const { found, opened, passed } = fuzzPath(seed, 6_000);
    expect(found).toEqual([]);
    // The doors stood open meanwhile.
    expect(opened).toBeGreaterThan(100);
    expect(passed).toBeGreaterThan(300);
  },
);

it.each([1])(
  'hostile segments into live connections are dropped, or answered as they must be, and nothing waits for ever, seed %i',
  (seed) => {
    const { found, opened, heard } = fuzzEnds(seed, 2_500);
    expect(found).toEqual([]);
    expect(opened).toBeGreaterThan(30);
    expect(heard).toBeGreaterThan(5_000);
  },
);

it.each([1])('hostile questions for names are answered soundly or not at all, seed %i', async (seed) => {
  expect(await fuzzQueries(seed, 3_000)).toEqual([]);
});
