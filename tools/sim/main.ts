/**
 * `npm run sim -- --seed N [--seeds K] [--trace] [--bug NAME]`: replays the simulation of client, gateway and agent for K seeds from N
 * on. Each failure prints what is wrong and the line that replays it. `--trace` tells everything that happens, `--bug` plants a bug
 * (a canary). Exit 0 when every invariant held, 1 when not, 2 for unknown arguments.
 */
import { parseArgs } from 'node:util';
import { plantedBugs, replayLine, simulate, type PlantedBug } from '@sallyport/ssm-protocol/testing';

const usage = 'usage: npm run sim -- --seed N [--seeds K] [--trace] [--bug NAME]';

interface Arguments {
  readonly seed: number;
  readonly seeds: number;
  readonly trace: boolean;
  readonly bug: PlantedBug | undefined;
}

function read(): Arguments | string {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string' },
        seeds: { type: 'string', default: '1' },
        trace: { type: 'boolean', default: false },
        bug: { type: 'string' },
      },
    });
    const [seed, seeds] = [Number(values.seed), Number(values.seeds)];
    if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(seeds) || seed < 0 || seeds < 1) return usage;
    const { bug } = values;
    if (bug !== undefined && !Object.hasOwn(plantedBugs, bug)) {
      return `unknown bug ${bug}; there are ${Object.keys(plantedBugs).join(', ')}`;
    }
    return { seed, seeds, trace: values.trace, bug: bug as PlantedBug | undefined };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${usage}`;
  }
}

function run({ seed, seeds, trace, bug }: Arguments): number {
  const begun = performance.now();
  let failed = 0;
  let virtualMs = 0;
  let frames = 0;
  for (let at = seed; at < seed + seeds; at += 1) {
    const result = simulate(at, { bug, trace: trace ? (line) => console.log(line) : undefined });
    virtualMs += result.virtualMs;
    frames += result.relayedFrames;
    if (trace) console.log(JSON.stringify(result.plan));
    if (result.finding === undefined) continue;
    failed += 1;
    const planted = bug === undefined ? '' : ` --bug ${bug}`;
    console.log(`FAILED seed ${at}: ${result.finding}\n  replay: ${replayLine(at)}${planted}`);
  }
  const seconds = (performance.now() - begun) / 1000;
  const rate = (seeds / seconds).toFixed(0);
  const hours = (virtualMs / 3_600_000).toFixed(1);
  console.log(
    `${seeds - failed} of ${seeds} held; ${hours} virtual hours, ${frames} frames, ${rate} seeds/s`,
  );
  return failed === 0 ? 0 : 1;
}

const given = read();
if (typeof given === 'string') console.error(given);
process.exitCode = typeof given === 'string' ? 2 : run(given);
