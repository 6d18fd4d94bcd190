import { expect, it } from 'vitest';
import { growthByUse, growthInAnHour, growthOf, series } from './memory-growth.ts';
import type { UseSample } from './use-samples.ts';

const noise = [0, 31_000, 9_000, 24_000, 2_000, 17_000];

/** The pool is greater at the end. */
const sessionsAt = (n: number) => (n < 40 ? 1 + (n % 2) : 2 + (n % 2));

/** Samples of so many minutes, with what a conversation and a close leave, and what every sample adds to compiled code. */
function used({ minutes = 60, conversation = 0, close = 0, code = 0 }): UseSample[] {
  return Array.from({ length: 60 }, (_, n) => {
    const conversations = n * 65;
    const closes = n;
    return {
      hours: (n * minutes) / 60 / 60,
      conversations,
      closes,
      sessions: sessionsAt(n),
      data:
        30_000_000 +
        sessionsAt(n) * 300_000 +
        noise[n % noise.length]! +
        conversations * conversation +
        closes * close,
      code: 6_000_000 + n * code,
      heap: 45_000_000,
      resident: 150_000_000 + (n % 3) * 4_000_000,
    };
  });
}

it('takes memory that comes and goes for flat', () => {
  const growth = growthOf(used({}));
  expect(growthInAnHour(growth)).toEqual([]);
  expect(growthByUse(growth, 'conversation')).toEqual([]);
  expect(growthByUse(growth, 'close')).toEqual([]);
  expect(Math.abs(growth.inUse)).toBeLessThan(32);
});

it('finds 1 KiB that each conversation leaves, and 4 KiB that each close does, in an hour', () => {
  expect(growthInAnHour(growthOf(used({ conversation: 1_024 })))).toEqual([
    expect.stringMatching(/^objects and buffers grow by 3[89]\d\d KiB/),
  ]);
  expect(growthInAnHour(growthOf(used({ close: 4_096 })))).toHaveLength(1);
});

it('finds 1 KiB for each conversation, and 8 KiB for each close, in minutes', () => {
  const leaking = (cause: 'conversation' | 'close', bytes: number) =>
    growthByUse(growthOf(used({ minutes: 1, [cause]: bytes })), cause);
  expect(leaking('conversation', 1_024)).toEqual([
    expect.stringMatching(/^each conversation leaves 1?[09]\d\d bytes$/),
  ]);
  expect(leaking('close', 8_192)).toEqual([expect.stringMatching(/^each close leaves [78]\d\d\d bytes$/)]);
});

it('bears code that V8 compiles, but not without end', () => {
  expect(growthInAnHour(growthOf(used({ code: 8_000 })))).toEqual([]);
  expect(growthInAnHour(growthOf(used({ code: 16_000 })))).toEqual([
    expect.stringMatching(/^compiled code grows/),
  ]);
});

it('shows a handful of moments', () => {
  expect(series(used({}), 3)).toMatch(/^0\.0 min \d+ 5859 43945 146484; 30 min [\d ]+; 59 min [\d ]+$/);
});
