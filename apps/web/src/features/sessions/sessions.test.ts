import { expect, it } from 'vitest';
import type { Grant, Session } from '../../api/contract.ts';
import { bytesInWords } from '../../design/bytes.ts';
import { rates, samplesMax, sparkPoints, withSample, type ByteSample } from './byte-history.ts';
import { cutOfSession, cutSentence } from './cut.ts';

it.each([
  [0, 'ends no live session'],
  [1, 'ends 1 live session'],
  [3, 'ends 3 live sessions'],
])('says what a cut of %s does before it is done', (live, sentence) =>
  expect(cutSentence(live)).toBe(sentence),
);

it('counts the sessions of the grant, on the page or known by the grant, whichever is more', () => {
  const person = { id: 'prs_1', name: 'Elif', email: 'engineer@example.com' };
  const resource = { id: 'rsc_1', name: 'prod-rds', kind: 'database' as const };
  const session = (id: string, grantId: string) => ({ id, grantId, person, resource }) as Session;
  const sessions = [session('ses_1', 'grt_1'), session('ses_2', 'grt_1'), session('ses_3', 'grt_2')];
  expect(cutOfSession(sessions[0]!, sessions, undefined).live).toBe(2);
  const grants = [{ id: 'grt_1', sessions: { live: 3, total: 4 } } as Grant];
  expect(cutOfSession(sessions[0]!, sessions, grants)).toMatchObject({
    live: 3,
    sessionId: 'ses_1',
    person: 'Elif',
  });
});

it('draws rates between reads, newest at the right, never below nothing', () => {
  let samples: ByteSample[] = [];
  for (const [at, bytes] of [
    [0, 0],
    [10_000, 50_000],
    [20_000, 40_000],
  ] as const) {
    samples = withSample(samples, { at, bytes });
  }
  expect(rates(samples)).toEqual([5_000, 0]);
  expect(sparkPoints(rates(samples), 56, 20).split(' ').at(-1)).toBe('56.0,19.0');
});

it('keeps a bounded history, and one sample for reads in the same second', () => {
  let samples: ByteSample[] = [];
  for (let read = 0; read < 100; read += 1) samples = withSample(samples, { at: read * 10_000, bytes: read });
  expect(samples).toHaveLength(samplesMax);
  expect(withSample(samples, { at: 990_400, bytes: 7 })).toHaveLength(samplesMax);
  expect(withSample(samples, { at: 990_400, bytes: 7 }).at(-1)).toEqual({ at: 990_000, bytes: 7 });
});

it.each([
  [0, '0 B'],
  [812, '812 B'],
  [1_440, '1.4 KB'],
  [999_900, '1.0 MB'],
  [23_400_000_000, '23 GB'],
])('says %s bytes as %s', (bytes, words) => expect(bytesInWords(bytes)).toBe(words));
