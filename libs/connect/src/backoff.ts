import type { Random } from '@sallyport/effects';

const baseMs = 500;
const capMs = 30_000;

/** How long to pause after the given number of failures: "full jitter", random(0, min(cap, base * 2^failures)). */
export function fullJitterMs(failures: number, random: Pick<Random, 'fraction'>): number {
  return random.fraction() * Math.min(capMs, baseMs * 2 ** Math.min(failures, 16));
}
