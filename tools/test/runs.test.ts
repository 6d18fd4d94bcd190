import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runs, secondRunArguments } from './runs.ts';

const repository = resolve(import.meta.dirname, '../..');

/** What the runner itself makes of arguments: it only lists the files it would run. */
function listed(args: readonly string[]) {
  return spawnSync(
    process.execPath,
    [join(repository, 'node_modules/vitest/vitest.mjs'), 'list', '--filesOnly', ...args],
    { cwd: repository, encoding: 'utf8', timeout: 60_000 },
  );
}

describe('the runs of npm test', { timeout: 90_000 }, () => {
  it('give a failed file to the runner once more, in a form that it takes', () => {
    const [units] = runs([], 2);
    const again = listed(secondRunArguments(units!, ['tools/test/runs.test.ts']));
    expect(again.stderr).toBe('');
    expect(again.stdout).toContain('tools/test/runs.test.ts');
    expect(again.status).toBe(0);
  });

  it('would be refused with a switch given twice', () => {
    const [units] = runs([], 2);
    const twice = listed([...units!, '--maxWorkers=1', 'tools/test/runs.test.ts']);
    expect(twice.stderr).toContain('Expected a single value for option "--maxWorkers');
    expect(twice.status).not.toBe(0);
  });

  it('are the named projects alone where some are named', () => {
    expect(runs(['api', 'cli'], 2)).toEqual([['--project', 'api', '--project', 'cli']]);
  });

  it('use all but one processor for the suites that compute, and two at least', () => {
    expect(runs([], 8)[0]).toContain('--maxWorkers=7');
    expect(runs([], 1)[0]).toContain('--maxWorkers=2');
  });
});
