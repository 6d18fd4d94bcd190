/**
 * `npm test`: builds, runs every suite, and ends with what was skipped for a missing program and one line of counts.
 * `npm test -- NAME ...` runs only the projects named (see vitest.config.ts).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from '../start/build.ts';
import { conclusion } from './conclusion.ts';
import { find, programs, type Program } from './programs.ts';
import { reportVariable } from './reporter.ts';
import { runs, secondRunArguments } from './runs.ts';
import { add, failedFiles, secondRunsMax, tally, type Report, type Tally } from './tally.ts';

const root = resolve(import.meta.dirname, '../..');
const ci = process.env.CI === 'true';

interface Ended {
  /** How the runner ended, in words; undefined when it found everything well. */
  readonly trouble: string | undefined;
  readonly report: Report | undefined;
}

async function vitest(args: readonly string[], reportFile: string, alone: boolean): Promise<Ended> {
  const reporter = join(import.meta.dirname, 'reporter.ts');
  const colour = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
  const child = spawn(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--reporter=default',
      `--reporter=${reporter}`,
      ...args,
    ],
    {
      cwd: root,
      // Two that draw on one terminal would draw over each other.
      stdio: alone ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...(alone ? {} : colour),
        NEXT_TELEMETRY_DISABLED: '1',
        [reportVariable]: reportFile,
      },
    },
  );
  child.stdout?.pipe(process.stdout, { end: false });
  child.stderr?.pipe(process.stderr, { end: false });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const trouble =
    code === 0 ? undefined : `The test runner ended with ${code === null ? signal : `code ${code}`}`;
  try {
    return { trouble, report: JSON.parse(readFileSync(reportFile, 'utf8')) as Report };
  } catch (error) {
    return {
      trouble: `${trouble ?? 'The test runner ended'} without a report: ${String(error)}`,
      report: undefined,
    };
  }
}

async function main(): Promise<number> {
  const named = process.argv.slice(2);
  const started = performance.now();
  process.stderr.write('Building what is out of date ...\n');
  await build(root);
  const built = performance.now();
  const scratch = mkdtempSync(join(tmpdir(), 'sallyport-report-'));
  const total: Tally = { passed: 0, failed: [], skipped: [], unsteady: [], longest: [] };
  const planned = runs(named, availableParallelism());
  const ended = await Promise.all(
    planned.map(async (args, index) => ({
      args,
      ...(await vitest(args, join(scratch, `${index}.json`), planned.length === 1)),
    })),
  );
  const tested = performance.now();
  let secondRuns = 0;
  for (const { args, trouble, report } of ended) {
    const failed = report ? failedFiles(report) : [];
    secondRuns += failed.length;
    const again =
      failed.length > 0 && secondRuns <= secondRunsMax
        ? await secondRun(failed, args, join(scratch, `again-${secondRuns}.json`))
        : undefined;
    if (report) add(tally(report, again), total);
    // It failed for a reason that no report shows.
    if (trouble !== undefined && failed.length === 0 && !report?.outside.length)
      total.failed.push({ file: undefined, name: args.join(' '), errors: [trouble] });
  }
  const seconds = (from: number, to: number) => Math.round((to - from) / 1000);
  const again = secondRuns > 0 ? `, once more ${seconds(tested, performance.now())} s` : '';
  process.stdout.write(`build ${seconds(started, built)} s, tests ${seconds(built, tested)} s${again}\n`);
  rmSync(scratch, { recursive: true, force: true });
  return conclude(total, (performance.now() - started) / 1000);
}

async function secondRun(files: readonly string[], args: readonly string[], reportFile: string) {
  process.stdout.write(`\nFailed beside other work; once more, alone:\n  ${files.join('\n  ')}\n`);
  const { report } = await vitest(secondRunArguments(args, files), reportFile, true);
  return report;
}

function conclude(total: Tally, seconds: number): number {
  const missing = (Object.keys(programs) as Program[])
    .filter((program) => find(program) === undefined)
    .map(
      (program) =>
        `missing: ${program} (Debian: ${programs[program].debian}), needed for ${programs[program].for}`,
    );
  const { lines, passed } = conclusion(total, { root, seconds, missing, ci });
  process.stdout.write(`${lines.join('\n')}\n`);
  return passed ? 0 : 1;
}

process.exitCode = await main();
