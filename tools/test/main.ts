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
import { find, programs, type Program } from './programs.ts';
import { failedFiles, secondRunsMax, tally, type Report, type Tally } from './tally.ts';

const root = resolve(import.meta.dirname, '../..');
const ci = process.env.CI === 'true';

async function vitest(
  args: readonly string[],
  reportFile: string,
): Promise<{ code: number; report: Report | undefined }> {
  const child = spawn(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
      ...args,
    ],
    { cwd: root, stdio: 'inherit', env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' } },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  try {
    return { code: code ?? 1, report: JSON.parse(readFileSync(reportFile, 'utf8')) as Report };
  } catch (error) {
    process.stderr.write(`The test runner left no report: ${String(error)}\n`);
    return { code: code ?? 1, report: undefined };
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
  const total: Tally = { passed: 0, failed: 0, skipped: [], unsteady: [] };
  let secondRuns = 0;
  for (const [index, args] of runs(named).entries()) {
    const first = await vitest(args, join(scratch, `${index}.json`));
    const failed = first.report ? failedFiles(first.report) : [];
    secondRuns += failed.length;
    const again =
      failed.length > 0 && secondRuns <= secondRunsMax
        ? await secondRun(failed, args, join(scratch, `${index}-again.json`))
        : undefined;
    const counted = first.report && tally(first.report, again);
    total.passed += counted?.passed ?? 0;
    total.failed += counted?.failed ?? 0;
    total.skipped.push(...(counted?.skipped ?? []));
    total.unsteady.push(...(counted?.unsteady ?? []));
    // The runner failed for a reason that no test shows: no report, or an error outside of every test.
    if (first.code !== 0 && failed.length === 0) total.failed++;
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
  const missing = (Object.keys(programs) as Program[]).filter((program) => find(program) === undefined);
  for (const program of missing)
    process.stdout.write(
      `missing: ${program} (Debian: ${programs[program].debian}), needed for ${programs[program].for}\n`,
    );
  for (const name of total.skipped) process.stdout.write(`skipped: ${name}\n`);
  for (const name of total.unsteady) process.stdout.write(`unsteady (failed, then passed alone): ${name}\n`);
  const refused = ci && (missing.length > 0 || total.skipped.length > 0);
  if (refused) process.stdout.write('CI=true: a skip or a missing program is a failure.\n');
  process.stdout.write(
    `${Math.round(seconds)} s\n${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped\n`,
  );
  return total.failed > 0 || refused || total.passed === 0 ? 1 : 0;
}

process.exitCode = await main();
