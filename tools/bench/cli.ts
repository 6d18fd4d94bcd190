import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, type Bench, type Figure } from './figure.ts';

const cli = join(import.meta.dirname, '../../apps/cli');
const bin = join(cli, 'bin/run.js');

/** Start-up times of the built command, milliseconds, each at most as long as its target. */
const targets = [
  { name: 'cli_version_ms', args: ['--version'], exit: 0, target: 110 },
  // Nobody is signed in: everything but the answer of the server.
  { name: 'cli_ls_ms', args: ['ls'], exit: 4, target: 250 },
] as const;
const rounds = 15;

/** `npm run bench -- cli`: how long `tunnel` takes to start, beside bare node in the same run. */
export const cliStart: Bench = {
  title:
    'Start-up of the command line, fastest and median of 15 runs with a warm compile cache, beside `node -e 0` (the target is for the value, in ms)',
  async run(): Promise<readonly Figure[]> {
    spawnSync(process.execPath, ['build.mjs'], { cwd: cli, stdio: 'inherit' });
    const home = mkdtempSync(join(tmpdir(), 'tunnel-bench-'));
    try {
      const env = {
        PATH: process.env['PATH'],
        HOME: home,
        XDG_CACHE_HOME: home,
        NODE_COMPILE_CACHE: join(home, 'cache'),
      };
      const time = (args: readonly string[], exit: number): number => {
        const start = performance.now();
        const { status } = spawnSync(process.execPath, args, { env });
        if (status !== exit) throw new Error(`${args.join(' ')} ended with ${status}`);
        return performance.now() - start;
      };
      for (const { args, exit } of targets) time([bin, ...args], exit);
      const bare: number[] = [];
      const values = targets.map((): number[] => []);
      // Taken in turns, so that a busy moment of the machine meets all of them.
      for (let round = 0; round < rounds; round++) {
        bare.push(time(['-e', '0'], 0));
        targets.forEach(({ args, exit }, i) => values[i]?.push(time([bin, ...args], exit)));
      }
      const figure = (name: string, value: number, baseline: number, target: number): Figure => ({
        ...{ name, value, unit: 'ms', baseline, ratio: value / baseline },
        ...{ target, met: target === 0 || value <= target },
      });
      return targets.flatMap(({ name, target }, i) => {
        const times = values[i] ?? [];
        return [
          // The fastest run: what else the machine does can only add time.
          figure(name, Math.min(...times), Math.min(...bare), target),
          // Told, not judged: what a person on this machine waited for.
          figure(`${name}_median`, median(times), median(bare), 0),
        ];
      });
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
};
