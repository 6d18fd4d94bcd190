import { expect, it } from 'vitest';
import type { Resource } from '../../api/contract.ts';
import { customDuration, offeredDurations, shorterDurations } from './duration-choice.ts';
import { keepAsk, lastAsk } from './last-ask.ts';
import { addressOf, filterResources } from './reach.ts';

it('offers the usual durations that the policy permits, or its longest', () => {
  expect(offeredDurations(8 * 3_600)).toEqual([1_800, 3_600, 14_400]);
  expect(offeredDurations(3_600)).toEqual([1_800, 3_600]);
  expect(offeredDurations(600)).toEqual([600]);
});

it('offers a reviewer what is shorter than asked', () => {
  expect(shorterDurations(7_200)).toEqual([900, 1_800, 3_600]);
  expect(shorterDurations(900)).toEqual([]);
});

it('says what is wrong with a typed duration', () => {
  expect(customDuration('2h', 3_600)).toEqual({ wrong: 'The policy permits 1 h at most.' });
  expect(customDuration('soon', 3_600)).toHaveProperty('wrong');
  expect(customDuration('0', 3_600)).toHaveProperty('wrong');
  expect(customDuration('45m', 3_600)).toEqual({ seconds: 2_700 });
});

it('remembers the last ask per person and resource, and forgives a store that does not', () => {
  const kept = new Map<string, string>();
  const store = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  const ask = { durationSeconds: 1_800, reason: 'INC-1' };
  keepAsk(store, 'prs_1', 'prod-rds', ask);
  expect(lastAsk(store, 'prs_1', 'prod-rds')).toEqual(ask);
  expect(lastAsk(store, 'prs_2', 'prod-rds')).toBeUndefined();
  for (const text of ['{', '7', '{"durationSeconds":"x","reason":1}']) {
    expect(lastAsk({ getItem: () => text }, 'prs_1', 'prod-rds')).toBeUndefined();
  }
  const full = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  expect(() => keepAsk({ setItem: full }, 'prs_1', 'prod-rds', ask)).not.toThrow();
});

it('finds resources by every word of the filter, in name, address, place and tags', () => {
  const resource = (name: string, host: string) =>
    ({
      name,
      host,
      port: 5432,
      title: 'Orders',
      environment: 'production',
      kind: 'database',
      account: { id: '1', name: 'shop' },
      region: 'eu-west-1',
      tags: { team: 'platform' },
    }) as unknown as Resource;
  const all = [resource('prod-rds', 'prod-db.internal'), resource('staging-rds', 'staging-db.internal')];
  const names = (filter: string) => filterResources(all, filter).map(({ name }) => name);
  expect(names('')).toEqual(['prod-rds', 'staging-rds']);
  expect(names('PROD-DB 5432')).toEqual(['prod-rds']);
  expect(names('team=platform staging')).toEqual(['staging-rds']);
  expect(names('nothing')).toEqual([]);
});

it('writes addresses as people type them', () => {
  expect(addressOf('prod-db.internal', 5432)).toBe('prod-db.internal:5432');
  expect(addressOf('fd00::1', 443)).toBe('[fd00::1]:443');
  expect(addressOf(null, null, '10.0.0.0/16')).toBe('10.0.0.0/16');
});
