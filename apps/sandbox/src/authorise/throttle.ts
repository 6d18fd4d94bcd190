import type { Clock } from '@sallyport/effects';
import { limits } from '../limits.ts';

interface Bucket {
  tokens: number;
  at: number;
}

/** How fast one principal may call one action. */
export interface CallRate {
  readonly callsPerSecond: number;
  readonly burst: number;
}

/** Token buckets per principal and action, as AWS throttles. */
export class Throttle {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();
  rate: CallRate = { callsPerSecond: limits.callsPerSecond, burst: limits.callBurst };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes one call; false when the bucket is empty. */
  admit(principal: string, action: string): boolean {
    const key = `${principal} ${action}`;
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(key) ?? { tokens: this.rate.burst, at: now };
    const tokens = Math.min(
      this.rate.burst,
      bucket.tokens + ((now - bucket.at) / 1000) * this.rate.callsPerSecond,
    );
    // Re-inserted so that the map's order is the order of use, and the oldest goes first.
    this.#buckets.delete(key);
    if (this.#buckets.size >= limits.throttleBucketsMax) this.#forgetOldest();
    this.#buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
    return tokens >= 1;
  }

  #forgetOldest(): void {
    const oldest = this.#buckets.keys().next();
    if (!oldest.done) this.#buckets.delete(oldest.value);
  }
}
