import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { plantedBugs, type PlantedBug } from './planted-bugs.ts';
import { replayLine, simulate } from './simulate.ts';

/** Set SEEDS to run more or fewer; `npm run proof -- wire-simulation` runs a million. */
const seeds = Number(process.env['SEEDS'] ?? 10_000);
const slices = 20;
const canarySeeds = 400;

async function failuresOf(from: number, to: number): Promise<readonly string[]> {
  const failures: string[] = [];
  for (let seed = from; seed < to && failures.length < 5; seed += 1) {
    // The test runner wants to hear from its worker now and then.
    if (seed % 50 === 0) await nextTurn();
    const { finding } = simulate(seed);
    if (finding !== undefined) failures.push(`seed ${seed}: ${finding}; ${replayLine(seed)}`);
  }
  return failures;
}

describe('client, gateway and agent while frames are lost, repeated and late and everything restarts', () => {
  it.each(Array.from({ length: slices }, (_, slice) => slice))(
    'deliver prefixes, keep their bounds, never stand still and end with a reason (part %i of 20)',
    { timeout: 300_000 },
    async (slice) => {
      const size = Math.ceil(seeds / slices);
      expect(await failuresOf(slice * size, (slice + 1) * size)).toEqual([]);
    },
  );

  it('take the same steps for the same seed', () => {
    const steps = () => {
      const lines: string[] = [];
      const { virtualMs, relayedFrames, bytes } = simulate(42, { trace: (line) => lines.push(line) });
      return { lines, virtualMs, relayedFrames, bytes };
    };
    expect(steps()).toEqual(steps());
  });
});

describe('a planted bug', () => {
  it.each(Object.keys(plantedBugs) as PlantedBug[])('is caught: %s', { timeout: 300_000 }, async (bug) => {
    let caughtAt: number | undefined;
    for (let seed = 0; seed < canarySeeds && caughtAt === undefined; seed += 1) {
      await nextTurn();
      if (simulate(seed, { bug }).finding !== undefined) caughtAt = seed;
    }
    expect(caughtAt).toBeDefined();
  });
});
