import { expect, it } from 'vitest';
import { parseDuration, sayBytes, sayClock, sayDuration, writeDuration } from './duration.ts';

it.each([
  ['30m', 1800],
  ['1h', 3600],
  ['1h30m', 5400],
  ['1.5h', 5400],
  ['45s', 45],
  ['2d', 172_800],
  ['90 min', 5400],
])('reads %s', (text, seconds) => expect(parseDuration(text)).toBe(seconds));

it.each(['', 'soon', '1', '-1h', '1h x', '0s', 'h', '1y', '9'.repeat(400) + 'h'])('refuses "%s"', (text) =>
  expect(() => parseDuration(text)).toThrowError(expect.objectContaining({ code: 'DURATION_INVALID' })),
);

it('says times and sizes as people read them', () => {
  expect([sayDuration(45), sayDuration(1800), sayDuration(5400), sayDuration(86_400)]).toEqual([
    '45 s',
    '30 min',
    '1 h 30 min',
    '1 d',
  ]);
  expect([sayClock(3598), sayClock(3723), sayClock(-5)]).toEqual(['59:58', '1:02:03', '00:00']);
  expect([sayBytes(812), sayBytes(1400), sayBytes(3_200_000)]).toEqual(['812 B', '1.4 kB', '3.2 MB']);
  expect(writeDuration(5400)).toBe('1h30m');
});
