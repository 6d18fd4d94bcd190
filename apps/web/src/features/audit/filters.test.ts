import { expect, it } from 'vitest';
import { byDay } from './by-day.ts';
import { filtersForApi, filtersFromUrl, urlFromFilters } from './filters.ts';

it('writes filters into the URL in one order and reads them back', () => {
  const filters = { to: '2026-11-22', person: 'engineer@example.com', resource: 'prod-rds' };
  const url = urlFromFilters(filters);
  expect(url).toBe('?person=engineer%40example.com&resource=prod-rds&to=2026-11-22');
  expect(filtersFromUrl(new URLSearchParams(url))).toEqual(filters);
});

it('leaves out what is empty or is no filter', () => {
  expect(urlFromFilters({ person: ' ', resource: undefined })).toBe('');
  expect(filtersFromUrl(new URLSearchParams('?person=&cursor=7&type=grant.ended'))).toEqual({
    type: 'grant.ended',
  });
});

it('means whole days in UTC by a day, and keeps moments', () => {
  expect(filtersForApi({ from: '2026-11-01', to: '2026-11-02' })).toEqual({
    from: '2026-11-01T00:00:00.000Z',
    to: '2026-11-02T23:59:59.999Z',
  });
  expect(filtersForApi({ from: '2026-11-01T10:00:00Z' }).from).toBe('2026-11-01T10:00:00.000Z');
  expect(filtersForApi({ from: 'yesterday' }).from).toBeUndefined();
});

it('cuts the list at the turn of each day, keeping the order', () => {
  const event = (id: string, at: string) => ({ id, at }) as Parameters<typeof byDay>[0][number];
  const days = byDay([
    event('c', '2026-11-22T00:00:01Z'),
    event('b', '2026-11-21T23:59:59Z'),
    event('a', '2026-11-21T00:00:00Z'),
  ]);
  expect(days.map(({ day, events }) => [day, events.map(({ id }) => id)])).toEqual([
    ['2026-11-22', ['c']],
    ['2026-11-21', ['b', 'a']],
  ]);
});
