/** When things of a recording are shown. Pure; all times in milliseconds. */
import type { CastEvent } from '@sallyport/recording';

/** Waits of the person that is shown are cut to this, if the viewer wants so. */
export const pauseMaxMs = 2_000;

/** The time at which each event is shown; with `pauseMax` no wait between two is longer. */
export function timesOf(events: readonly CastEvent[], pauseMax = Number.POSITIVE_INFINITY): number[] {
  let shownAt = 0;
  let before = 0;
  return events.map(({ atMs }) => {
    shownAt += Math.min(Math.max(0, atMs - before), pauseMax);
    before = atMs;
    return shownAt;
  });
}

/** How many events are shown at a moment: those at or before it. `times` never decreases. */
export function countShown(times: readonly number[], at: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `0:07`, `12:40`, `1:02:03`. */
export function playTime(milliseconds: number): string {
  const seconds = Math.floor(Math.max(0, milliseconds) / 1_000);
  const two = (count: number) => String(count).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
