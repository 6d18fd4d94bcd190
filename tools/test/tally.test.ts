import { describe, expect, it } from 'vitest';
import { add, failedFiles, tally, type FailedOutside, type FileResult, type Report } from './tally.ts';

function file(name: string, tests: Record<string, string>, more: Partial<FileResult> = {}): FileResult {
  const assertionResults = Object.entries(tests).map(([fullName, status]) => ({
    fullName,
    status,
    failureMessages: status === 'failed' ? [`Error: ${fullName} is wrong`] : [],
  }));
  const failed = assertionResults.some((each) => each.status === 'failed');
  const status = failed ? 'failed' : 'passed';
  return { name, project: 'tools', seconds: 1, status, errors: [], assertionResults, ...more };
}

const reportOf = (testResults: FileResult[], outside: FailedOutside[] = []): Report => ({
  testResults,
  outside,
});
const unloadable = { status: 'failed', errors: ['Error: cannot find x'] };

describe('what the test command counts', () => {
  const report = reportOf([
    file('a.test.ts', { one: 'passed', two: 'failed' }),
    file('b.test.ts', { three: 'passed', four: 'skipped' }),
    file('c.test.ts', {}, unloadable),
  ]);

  it('counts each test, each skip by name, and a file that could not be loaded', () => {
    expect(tally(report, undefined)).toEqual({
      passed: 2,
      failed: [
        { file: 'a.test.ts', name: 'two', errors: ['Error: two is wrong'] },
        { file: 'c.test.ts', name: 'the file itself', errors: ['Error: cannot find x'] },
      ],
      skipped: ['four'],
      unsteady: [],
      longest: ['a', 'b', 'c'].map((name) => ({ file: `${name}.test.ts`, seconds: 1 })),
    });
    expect(failedFiles(report)).toEqual(['a.test.ts', 'c.test.ts']);
  });

  it('names what failed at first and passed alone, and why', () => {
    const again = reportOf([
      file('a.test.ts', { one: 'passed', two: 'passed' }),
      file('c.test.ts', { five: 'passed' }),
    ]);
    expect(tally(report, again)).toMatchObject({
      passed: 4,
      failed: [],
      skipped: ['four'],
      unsteady: [{ name: 'two', errors: ['Error: two is wrong'] }, { file: 'c.test.ts' }],
    });
  });

  it('lets nothing pass that fails both times, whichever test of the file it is', () => {
    const again = reportOf([
      file('a.test.ts', { one: 'failed', two: 'passed' }),
      file('c.test.ts', {}, unloadable),
    ]);
    expect(tally(report, again)).toMatchObject({
      failed: [{ name: 'one' }, { file: 'c.test.ts' }],
      unsteady: [],
    });
  });

  it('counts a test that a second run skipped as skipped', () => {
    const again = reportOf([
      file('a.test.ts', { one: 'passed', two: 'skipped' }),
      file('c.test.ts', { five: 'passed' }),
    ]);
    expect(tally(report, again)).toMatchObject({ passed: 3, skipped: ['two', 'four'] });
  });

  it('adds runs up, and names the longest files of all', () => {
    const total = tally(reportOf([file('a.test.ts', { one: 'passed' }, { seconds: 30 })]), undefined);
    const many = Array.from({ length: 20 }, (_, n) =>
      file(`${n}.test.ts`, { x: 'failed' }, { seconds: 2 * n }),
    );
    add(tally(reportOf(many), undefined), total);
    expect(total).toMatchObject({ passed: 1, failed: { length: 20 }, longest: { length: 12 } });
    expect(total.longest.slice(0, 5).map(({ seconds }) => seconds)).toEqual([38, 36, 34, 32, 30]);
  });

  it('fails for a hook although every test passed, and for a file that never came to its end', () => {
    const hook = file('a.test.ts', { one: 'passed' }, { status: 'failed', errors: ['Error: afterAll'] });
    const stuck = file('b.test.ts', { two: 'passed', three: 'pending' }, { status: 'pending' });
    expect(tally(reportOf([hook, stuck]), undefined).failed).toEqual([
      { file: 'a.test.ts', name: 'the file itself', errors: ['Error: afterAll'] },
      { file: 'b.test.ts', name: 'three', errors: [] },
    ]);
    expect(failedFiles(reportOf([hook, stuck]))).toEqual(['a.test.ts', 'b.test.ts']);
  });
});

describe('an error outside of every test', () => {
  const well = file('a.test.ts', { one: 'passed' });

  it('is a failure of the file that ran then, which may run once more', () => {
    const report = reportOf([well], [{ file: 'a.test.ts', text: 'Error: nobody caught it' }]);
    expect(failedFiles(report)).toEqual(['a.test.ts']);
    const failure = {
      file: 'a.test.ts',
      name: 'an error outside of every test',
      errors: ['Error: nobody caught it'],
    };
    expect(tally(report, undefined).failed).toEqual([failure]);
    expect(tally(report, report).failed).toEqual([failure]);
    expect(tally(report, reportOf([well]))).toMatchObject({ failed: [], unsteady: [failure] });
  });

  it('is a failure when no file is known for it, in either run', () => {
    const report = reportOf([well], [{ text: 'Error: from nowhere' }]);
    expect(failedFiles(report)).toEqual([]);
    expect(tally(report, undefined).failed).toMatchObject([{ errors: ['Error: from nowhere'] }]);
    expect(tally(reportOf([file('a.test.ts', { one: 'failed' })]), report).failed).toHaveLength(1);
  });

  it('that ended a worker is explained when the files it left unfinished end well alone', () => {
    const died = reportOf([file('a.test.ts', {}, { status: 'queued' })], [{ text: 'Error: worker exited' }]);
    expect(tally(died, undefined).failed).toHaveLength(2);
    expect(tally(died, reportOf([well]))).toMatchObject({ failed: [], unsteady: [{}, {}] });
  });
});
