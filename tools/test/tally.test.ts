import { describe, expect, it } from 'vitest';
import { failedFiles, tally, type FileResult } from './tally.ts';

function file(name: string, tests: Record<string, string>, status?: string): FileResult {
  const assertionResults = Object.entries(tests).map(([fullName, each]) => ({ fullName, status: each }));
  const failed = assertionResults.some((each) => each.status === 'failed');
  return { name, status: status ?? (failed ? 'failed' : 'passed'), assertionResults };
}

describe('what the test command counts', () => {
  const report = {
    testResults: [
      file('a.test.ts', { one: 'passed', two: 'failed' }),
      file('b.test.ts', { three: 'passed', four: 'pending' }),
      file('c.test.ts', {}, 'failed'),
    ],
  };

  it('counts each test, each skip by name, and a file that could not be loaded', () => {
    expect(tally(report, undefined)).toEqual({ passed: 2, failed: 2, skipped: ['four'], unsteady: [] });
    expect(failedFiles(report)).toEqual(['a.test.ts', 'c.test.ts']);
  });

  it('names what failed at first and passed alone', () => {
    const again = {
      testResults: [
        file('a.test.ts', { one: 'passed', two: 'passed' }),
        file('c.test.ts', { five: 'passed' }),
      ],
    };
    expect(tally(report, again)).toEqual({
      passed: 4,
      failed: 0,
      skipped: ['four'],
      unsteady: ['two', 'c.test.ts'],
    });
  });

  it('lets nothing pass that fails both times, whichever test of the file it is', () => {
    const again = {
      testResults: [file('a.test.ts', { one: 'failed', two: 'passed' }), file('c.test.ts', {}, 'failed')],
    };
    expect(tally(report, again)).toMatchObject({ failed: 2, unsteady: [] });
  });

  it('counts a test that a second run skipped as skipped', () => {
    const again = { testResults: [file('a.test.ts', { one: 'passed', two: 'skipped' })] };
    expect(tally(report, again)).toMatchObject({ passed: 2, skipped: ['two', 'four'], unsteady: ['two'] });
  });
});
