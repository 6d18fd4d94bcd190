/**
 * The real clock and timers of a browser. Beside `index.ts` because that file needs Node's crypto; a page needs
 * neither ids nor random bytes, which the server makes.
 */
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import type { Timers, TimerHandle } from '../timers.ts';

type Held = { timer: ReturnType<typeof setTimeout> };

/** Wall time and monotonic time of the browser. */
export const browserClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** Chance for spreading retries; nothing secret is made of it. */
export const browserRandom: Pick<Random, 'fraction'> = { fraction: () => Math.random() };

/** The browser's timers. Waits beyond 2^31-1 ms are not needed by a page and not supported. */
export const browserTimers: Pick<Timers, 'after' | 'every' | 'cancel'> = {
  after: (ms, run) => ({ timer: setTimeout(run, Math.max(0, ms)) }) satisfies Held,
  every: (ms, run) => ({ timer: setInterval(run, ms) }) satisfies Held,
  cancel: (timer: TimerHandle) => clearTimeout((timer as Held).timer),
};
