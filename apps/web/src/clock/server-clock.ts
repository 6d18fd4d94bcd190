/**
 * The server's clock as the browser can best tell it. Grants end by the server's time; a laptop that is two minutes
 * off must not show two minutes that are not there.
 */
import { browserClock, browserTimers } from '@sallyport/effects/browser';

/** Differences below this are within the resolution of the `Date` header and of the way there. */
const skewIgnoredMs = 2_000;

let skewMs = 0;
let tick = 0;
let ticking: object | undefined;
const listeners = new Set<() => void>();

/** Learns the server's time from the `Date` header of an answer. */
export function noteServerTime(date: string | null): void {
  const at = date ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(at)) return;
  const difference = at - browserClock.now();
  skewMs = Math.abs(difference) < skewIgnoredMs ? 0 : difference;
}

/** The server's time in Unix milliseconds. */
export function serverNow(): number {
  return browserClock.now() + skewMs;
}

/** The time of the last tick: stable between ticks, so that one render sees one time. 0 before the page is live. */
export function tickedNow(): number {
  return tick;
}

/** Calls back about once a second while anybody listens. */
export function onTick(listener: () => void): () => void {
  listeners.add(listener);
  if (!ticking) {
    tick = serverNow();
    ticking = browserTimers.every(1_000, () => {
      tick = serverNow();
      for (const each of listeners) each();
    });
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || !ticking) return;
    browserTimers.cancel(ticking);
    ticking = undefined;
  };
}
