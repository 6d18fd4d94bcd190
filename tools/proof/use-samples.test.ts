import { expect, it } from 'vitest';
import { SampleStore, type UseSample } from './use-samples.ts';

const sample = (n: number): UseSample => ({
  hours: n / 7,
  conversations: n,
  closes: n + 1,
  sessions: n + 2,
  data: 30_000_000 + n,
  code: 6_000_000 + n,
  heap: 40_000_000 + n,
  resident: 150_000_000 + n,
});

it('gives back what it was given, in that order', () => {
  const store = new SampleStore();
  for (const n of [1, 2, 3]) store.add(sample(n));
  expect(store.all()).toEqual([sample(1), sample(2), sample(3)]);
  store.clear();
  store.add(sample(4));
  expect(store.all()).toEqual([sample(4)]);
});

it('says that it is full', () => {
  const store = new SampleStore(2);
  store.add(sample(1));
  store.add(sample(2));
  expect(() => store.add(sample(3))).toThrow('there is room for 2 samples');
});
