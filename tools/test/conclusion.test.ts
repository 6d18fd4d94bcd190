import { describe, expect, it } from 'vitest';
import { conclusion } from './conclusion.ts';
import type { Failure, Tally } from './tally.ts';

const good: Tally = { passed: 7, failed: [], skipped: [], unsteady: [], longest: [] };
const quiet = { root: '/repo', seconds: 61.2, missing: [], ci: false };
const failure: Failure = {
  file: '/repo/libs/connect/src/way.test.ts',
  name: 'carries megabytes',
  errors: [
    '\u001b[31mAssertionError: expected false to be true\u001b[39m\n    at /repo/node_modules/vitest/x.js:1\n    at /repo/libs/connect/src/way.test.ts:70:9',
  ],
};

describe('the last lines of the test command', () => {
  it('are the counts alone when all is well', () => {
    expect(conclusion(good, quiet)).toEqual({
      lines: ['61 s', '7 passed, 0 failed, 0 skipped'],
      passed: true,
    });
  });

  it('name each failed test with its file and the first lines of its error right above the counts', () => {
    const { lines, passed } = conclusion({ ...good, failed: [failure] }, quiet);
    expect(passed).toBe(false);
    expect(lines).toEqual([
      'FAILED: libs/connect/src/way.test.ts > carries megabytes',
      '    AssertionError: expected false to be true',
      '        at /repo/libs/connect/src/way.test.ts:70:9',
      '61 s',
      '7 passed, 1 failed, 0 skipped',
    ]);
  });

  it('say why what passed alone had failed before', () => {
    const { lines, passed } = conclusion({ ...good, unsteady: [failure] }, quiet);
    expect(passed).toBe(true);
    expect(lines.slice(0, 2)).toEqual([
      'unsteady (failed, then passed alone): libs/connect/src/way.test.ts > carries megabytes',
      '    AssertionError: expected false to be true',
    ]);
  });

  it('stay short whatever failed, and say how many more there are', () => {
    const long = { ...failure, errors: [`${'x'.repeat(5_000)}\n`.repeat(500)] };
    const { lines } = conclusion({ ...good, failed: Array.from({ length: 40 }, () => long) }, quiet);
    expect(lines.length).toBeLessThan(350);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(320);
    expect(lines).toContain('FAILED: 15 more');
    expect(lines.at(-1)).toBe('7 passed, 40 failed, 0 skipped');
  });

  it('name the longest files, which are worth shortening', () => {
    const longest = [{ file: '/repo/e2e/drops.e2e.ts', seconds: 100.4 }];
    expect(conclusion({ ...good, longest }, quiet).lines[0]).toBe('longest: e2e/drops.e2e.ts 100 s');
  });

  it('say so when nothing is known', () => {
    const { lines } = conclusion({ ...good, failed: [{ file: undefined, name: 'x', errors: [] }] }, quiet);
    expect(lines[0]).toBe('FAILED: no file is known > x');
    expect(lines[1]).toContain('nothing was said about why');
  });

  it('refuse a skip and a missing program in CI only, and a run without tests everywhere', () => {
    const skipped = { ...good, skipped: ['one'] };
    expect(conclusion(skipped, quiet).passed).toBe(true);
    expect(conclusion(skipped, { ...quiet, ci: true }).passed).toBe(false);
    expect(conclusion(good, { ...quiet, ci: true, missing: ['missing: psql'] }).passed).toBe(false);
    expect(conclusion({ ...good, passed: 0 }, quiet).passed).toBe(false);
  });
});
