import type { Effects } from '@sallyport/effects';

/** StartSession calls of one tunnel: so many at once, then so many a second. */
const atOnce = 4;
const perSecond = 3;

/** A token bucket for StartSession: AWS throttles accounts, and one person's tunnel shall not use up everybody's share. */
export class StartRate {
  readonly #effects: Pick<Effects, 'clock' | 'timers'>;
  #tokens = atOnce;
  #at: number;

  constructor(effects: Pick<Effects, 'clock' | 'timers'>) {
    this.#effects = effects;
    this.#at = effects.clock.monotonic();
  }

  /** Resolves when a call may be made; calls are let through in the order they asked. */
  async take(signal: AbortSignal): Promise<void> {
    const now = this.#effects.clock.monotonic();
    this.#tokens = Math.min(atOnce, this.#tokens + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    this.#tokens -= 1;
    if (this.#tokens < 0) await this.#effects.timers.wait((-this.#tokens / perSecond) * 1000, signal);
  }
}
