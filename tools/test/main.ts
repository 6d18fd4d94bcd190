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
import { failedFiles, secondRunsMax, tally, type Report, type Tally } from './tally.ts';

const root = resolve(import.meta.dirname, '../..');
const ci = process.env.CI === 'true';

interface Ended {
  /** How the runner ended, in words; undefined when it found everything well. */
  readonly trouble: string | undefined;
  readonly report: Report | undefined;
}

async function vitest(args: readonly string[], reportFile: string): Promise<Ended> {
  const reporter = join(import.meta.dirname, 'reporter.ts');
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
      stdio: 'inherit',
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', [reportVariable]: reportFile },
    },
  );
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
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

/**
 * Unit and database suites side by side, and beside them those suites of the whole product that mostly wait (hence two workers at the
 * least); then the whole product, alone on the machine.
 */
function runs(named: readonly string[]): string[][] {
  if (named.length > 0) return [named.flatMap((name) => ['--project', name])];
  const workers = Math.max(2, availableParallelism() - 1);
  return [['--project=!e2e', `--maxWorkers=${workers}`], ['--project=e2e']];
}

async function main(): Promise<number> {
  const named = process.argv.slice(2);
  const started = performance.now();
  process.stderr.write('Building what is out of date ...\n');
  await build(root);
  const scratch = mkdtempSync(join(tmpdir(), 'sallyport-report-'));
  const total: Tally = { passed: 0, failed: [], skipped: [], unsteady: [] };
  let secondRuns = 0;
  for (const [index, args] of runs(named).entries()) {
    const { trouble, report } = await vitest(args, join(scratch, `${index}.json`));
    const failed = report ? failedFiles(report) : [];
    secondRuns += failed.length;
    const again =
      failed.length > 0 && secondRuns <= secondRunsMax
        ? await secondRun(failed, args, join(scratch, `${index}-again.json`))
        : undefined;
    const counted = report && tally(report, again);
    total.passed += counted?.passed ?? 0;
    total.failed.push(...(counted?.failed ?? []));
    total.skipped.push(...(counted?.skipped ?? []));
    total.unsteady.push(...(counted?.unsteady ?? []));
    // It failed for a reason that no report shows.
    if (trouble !== undefined && failed.length === 0 && !counted?.failed.length)
      total.failed.push({ file: undefined, name: args.join(' '), errors: [trouble] });
  }
  rmSync(scratch, { recursive: true, force: true });
  return conclude(total, (performance.now() - started) / 1000);
}

async function secondRun(files: readonly string[], args: readonly string[], reportFile: string) {
  process.stdout.write(`\nFailed beside other work; once more, alone:\n  ${files.join('\n  ')}\n`);
  const { report } = await vitest([...args, '--no-file-parallelism', ...files], reportFile);
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
