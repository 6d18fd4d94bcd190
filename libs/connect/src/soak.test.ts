import { expect, it } from 'vitest';
import { slopeKiBPerHour } from '../test/memory-trend.ts';
import { virtualSoak } from '../test/virtual-soak.ts';

/** More than this per hour would be a megabyte a day. */
const slopeMax = 64;

it('24 virtual hours of closes, leases and conversations leave every connection answered and memory flat', async () => {
  const { found, slope, conversations, closes, leases } = await virtualSoak(24, 1);
  expect(found).toEqual([]);
  expect([conversations, closes]).toEqual([96, 24]);
  expect(leases).toBeGreaterThanOrEqual(24);
  process.stdout.write(`soak: 24 virtual hours, ${slope.toFixed(1)} KiB/h\n`);
  expect(slope).toBeLessThan(slopeMax);
}, 120_000);

it('a leak of 100 KiB an hour would show', () => {
  const samples = Array.from({ length: 24 }, (_, n) => ({
    hours: n,
    bytes: 50_000_000 + n * 102_400 + (n % 3) * 40_000,
  }));
  expect(slopeKiBPerHour(samples)).toBeGreaterThan(slopeMax);
  expect(
    slopeKiBPerHour(samples.map((sample, n) => ({ ...sample, bytes: 50_000_000 + (n % 3) * 40_000 }))),
  ).toBeLessThan(slopeMax / 4);
});
