import type { Clock } from '@sallyport/effects';

/** Holds a direction of one client to its speed, at the agent and at the client itself: a bucket of tokens that may go into debt, and the time the debt takes to pay. */
export class Pacer {
  readonly #bytesPerMs: number;
  readonly #burst: number;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #budget: number;
  #at: number;

  constructor(bitsPerSecond: number, clock: Pick<Clock, 'monotonic'>) {
    this.#bytesPerMs = bitsPerSecond / 8000;
    // A quarter of a second may go at once: small exchanges are not slowed.
    this.#burst = this.#bytesPerMs * 250;
    this.#clock = clock;
    this.#budget = this.#burst;
    this.#at = clock.monotonic();
  }

  /** Counts bytes that went; returns the milliseconds to wait before more may go, 0 for none. */
  take(bytes: number): number {
    this.#refill();
    this.#budget -= bytes;
    return this.#budget >= 0 ? 0 : Math.ceil(-this.#budget / this.#bytesPerMs);
  }

  /** Counts bytes that may be dropped instead; false when they must be. */
  admits(bytes: number): boolean {
    this.#refill();
    if (this.#budget < 0) return false;
    this.#budget -= bytes;
    return true;
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    this.#budget = Math.min(this.#burst, this.#budget + (now - this.#at) * this.#bytesPerMs);
    this.#at = now;
  }
}
