/**
 * `npm test`: builds, runs every suite, and ends with what was skipped for a missing program and one line of counts.
 * `npm test -- NAME ...` runs only the projects named (see vitest.config.ts).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from '../start/build.ts';
import { find, programs, type Program } from './programs.ts';

const root = resolve(import.meta.dirname, '../..');
const ci = process.env.CI === 'true';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

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

/** Unit and database suites side by side; then the whole product, alone on the machine. */
function runs(named: readonly string[]): string[][] {
  if (named.length > 0) return [named.flatMap((name) => ['--project', name])];
  return [['--project=!e2e'], ['--project=e2e']];
}

async function main(): Promise<number> {
  const named = process.argv.slice(2);
  const started = performance.now();
  process.stderr.write('Building what is out of date ...\n');
  await build(root);
  const scratch = mkdtempSync(join(tmpdir(), 'sallyport-report-'));
  const total = { passed: 0, failed: 0, skipped: 0 };
  const skipped: string[] = [];
  let broken = false;
  for (const [index, args] of runs(named).entries()) {
    const { code, report } = await vitest(args, join(scratch, `${index}.json`));
    if (code !== 0) broken = true;
    if (report === undefined) {
      total.failed++;
      continue;
    }
    total.passed += report.numPassedTests;
    total.failed += report.numFailedTests;
    total.skipped += report.numPendingTests + report.numTodoTests;
    for (const file of report.testResults) {
      const failures = file.assertionResults.filter(({ status }) => status === 'failed');
      // A file that could not be loaded has no failed test in it, and is a failure all the same.
      if (file.status === 'failed' && failures.length === 0) total.failed++;
      for (const { status, fullName } of file.assertionResults)
        if (status !== 'passed' && status !== 'failed') skipped.push(fullName);
    }
  }
  rmSync(scratch, { recursive: true, force: true });
  return conclude(total, skipped, broken, (performance.now() - started) / 1000);
}

function conclude(
  total: { passed: number; failed: number; skipped: number },
  skipped: readonly string[],
  broken: boolean,
  seconds: number,
): number {
  const missing = (Object.keys(programs) as Program[]).filter((program) => find(program) === undefined);
  for (const program of missing)
    process.stdout.write(
      `missing: ${program} (Debian: ${programs[program].debian}), needed for ${programs[program].for}\n`,
    );
  for (const name of skipped) process.stdout.write(`skipped: ${name}\n`);
  if (broken && total.failed === 0) total.failed = 1;
  const refused = ci && (missing.length > 0 || total.skipped > 0);
  if (refused) process.stdout.write('CI=true: a skip or a missing program is a failure.\n');
  process.stdout.write(
    `${Math.round(seconds)} s\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`,
  );
  return total.failed > 0 || refused || total.passed === 0 ? 1 : 0;
}

process.exitCode = await main();
