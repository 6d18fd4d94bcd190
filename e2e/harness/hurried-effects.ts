import { systemEffects } from '@sallyport/effects/system';
import type { Effects } from '@sallyport/effects';

/**
 * The real world, with durations that pass `times` as fast: what takes 45 s there takes 9 s here at 5. The wall clock, by which AWS judges signatures,
 * is the true one.
 */
export function hurriedEffects(times: number): Effects {
  const real = systemEffects();
  const { clock, timers } = real;
  return {
    ...real,
    clock: { now: () => clock.now(), monotonic: () => clock.monotonic() * times },
    timers: {
      after: (ms, run) => timers.after(ms / times, run),
      every: (ms, run) => timers.every(ms / times, run),
      cancel: (timer) => timers.cancel(timer),
      wait: (ms, signal) => timers.wait(ms / times, signal),
    },
  };
}
