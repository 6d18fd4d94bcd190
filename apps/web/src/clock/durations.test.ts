import { describe, expect, it } from 'vitest';
import {
  absoluteTime,
  countdown,
  durationInWords,
  fractionLeft,
  momentsIn,
  parseDuration,
  relativeTime,
  secondsLeft,
  urgency,
} from './durations.ts';

const noon = Date.parse('2026-11-22T12:00:00.000Z');
const at = (seconds: number) => new Date(noon + seconds * 1_000).toISOString();

describe('time left', () => {
  it.each([
    [42 * 60 + 10, '42:10'],
    [3_600 + 130, '1:02:10'],
    [9, '0:09'],
    [2 * 86_400 + 3 * 3_600, '2 d 03:00'],
  ])('shows %s seconds as %s', (seconds, shown) => expect(countdown(at(seconds), noon)).toBe(shown));

  it('shows 0:00 only when the grant has ended, and never less', () => {
    expect(countdown(at(1), noon + 999)).toBe('0:01');
    expect(countdown(at(1), noon + 1_000)).toBe('0:00');
    expect(countdown(at(-500), noon)).toBe('0:00');
  });

  it.each([
    [601, 'calm'],
    [600, 'soon'],
    [61, 'soon'],
    [60, 'now'],
    [0, 'now'],
  ])('calls %s seconds %s', (seconds, word) => expect(urgency(seconds)).toBe(word));

  it('measures the ring between full and empty, whatever the clocks say', () => {
    expect(fractionLeft(at(-30), at(30), noon)).toBe(0.5);
    expect(fractionLeft(at(10), at(30), noon)).toBe(1);
    expect(fractionLeft(at(-30), at(-10), noon)).toBe(0);
    expect(fractionLeft(at(0), at(0), noon)).toBe(0);
    expect(secondsLeft(at(-1), noon)).toBe(0);
  });
});

describe('spans in words', () => {
  it.each([
    [45, '45 s'],
    [1_800, '30 min'],
    [3_600, '1 h'],
    [5_400, '1 h 30 min'],
    [90_000, '1 d 1 h'],
    [90_060, '1 d 1 h'],
  ])('says %s seconds as %s', (seconds, words) => expect(durationInWords(seconds)).toBe(words));

  it.each([
    ['45m', 2_700],
    ['45', 2_700],
    ['1h30', 5_400],
    ['1h 30min', 5_400],
    ['1.5h', 5_400],
    ['1d', 86_400],
    ['2 h', 7_200],
  ])('understands %s', (text, seconds) => expect(parseDuration(text)).toBe(seconds));

  it.each(['', 'soon', 'h', '-5', '1h30s', '5 5h 1'])('does not guess what %j means', (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );

  it.each([1_800, 3_600, 5_400, 8 * 3_600, 86_400])('reads back the %s seconds it wrote', (seconds) =>
    expect(parseDuration(durationInWords(seconds))).toBe(seconds),
  );
});

describe('moments', () => {
  it.each([
    [0, 'just now'],
    [-240, '4 min ago'],
    [-7_200, '2 h ago'],
    [-3 * 86_400, '3 d ago'],
    [600, 'in 10 min'],
    [-30 * 86_400, '2026-10-23'],
  ])('says %s seconds from now as %s', (seconds, words) =>
    expect(relativeTime(at(seconds), noon)).toBe(words),
  );

  it('finds the moments in a sentence of the server, and leaves every other number', () => {
    expect(momentsIn('ana reaches web-1 until 2026-11-22 14:05 UTC; 30 min more.')).toEqual([
      'ana reaches web-1 until ',
      { at: '2026-11-22T14:05:00.000Z' },
      '; 30 min more.',
    ]);
    expect(momentsIn('this lets them for 30 min.')).toEqual(['this lets them for 30 min.']);
  });

  it('says the absolute moment in UTC', () => expect(absoluteTime(at(9))).toBe('2026-11-22 12:00:09 UTC'));
});
