import type { Effects } from '@sallyport/effects';
import type { Lease } from './control-plane.ts';

/** StartSession calls of one process in one account and region: so many at once, then so many a second. */
const atOnce = 4;
const perSecond = 3;

type RateEffects = Pick<Effects, 'clock' | 'timers'>;

/** A process has one set of effects, and all tunnels in it (`tunnel up`, the background process) count together. */
const ratesOf = new WeakMap<RateEffects, Map<string, StartRate>>();

/** The rate that everything in this process shares which starts sessions where the lease does: AWS throttles by account and region. */
export function startRateFor(
  effects: RateEffects,
  { accountId, region }: Pick<Lease, 'accountId' | 'region'>,
): StartRate {
  const rates = ratesOf.get(effects) ?? new Map<string, StartRate>();
  ratesOf.set(effects, rates);
  const place = `${accountId} ${region}`;
  const rate = rates.get(place) ?? new StartRate(effects);
  rates.set(place, rate);
  return rate;
}

/** A token bucket for StartSession: AWS throttles accounts, and one person's tunnels shall not use up everybody's share. */
export class StartRate {
  readonly #effects: RateEffects;
  #tokens = atOnce;
  #at: number;

  constructor(effects: RateEffects) {
    this.#effects = effects;
    this.#at = effects.clock.monotonic();
  }

  /** Resolves when a call may be made; calls are let through in the order they asked. Who stops waiting gives the turn back. */
  async take(signal: AbortSignal): Promise<void> {
    const now = this.#effects.clock.monotonic();
    this.#tokens = Math.min(atOnce, this.#tokens + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    this.#tokens -= 1;
    if (this.#tokens >= 0) return;
    try {
      await this.#effects.timers.wait((-this.#tokens / perSecond) * 1000, signal);
    } catch (error) {
      this.#tokens += 1;
      throw error;
    }
  }
}
