import { expect, it } from 'vitest';
import { systemEffects, systemRandom } from './index.ts';

it('gives no small draw twice, and never changes one that was given', () => {
  const draws = Array.from({ length: 3_000 }, () => systemRandom.bytes(16));
  const texts = draws.map((bytes) => Buffer.from(bytes).toString('hex'));
  expect(new Set(texts).size).toBe(draws.length);
  expect(texts.filter((text) => /^0+$/.test(text))).toEqual([]);
  for (let more = 0; more < 300; more += 1) systemRandom.bytes(64);
  expect(draws.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(texts);
});

it('gives draws of every length asked for, memory of their own', () => {
  for (const count of [0, 1, 4, 32, 64, 65, 5_000]) expect(systemRandom.bytes(count)).toHaveLength(count);
  expect(systemRandom.bytes(4).buffer.byteLength).toBe(4);
});

it('makes ids that differ', () => {
  const { ids } = systemEffects();
  expect(new Set(Array.from({ length: 1_000 }, () => ids.make('flw'))).size).toBe(1_000);
});
