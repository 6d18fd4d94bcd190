import type { Clock } from '@sallyport/effects';

/** The clock of the emulated cloud: the real one, moved by an offset that tests set. */
export class ShiftedClock implements Clock {
  readonly #clock: Clock;
  #offsetMs = 0;
  readonly #listeners: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }
  now(): number {
    return this.#clock.now() + this.#offsetMs;
  }
  /** Never moved: pacing and resending go on at their own speed. */
  monotonic(): number {
    return this.#clock.monotonic();
  }
  get offsetMs(): number {
    return this.#offsetMs;
  }
  /** Sets the offset and tells whoever watches the time. */
  shiftTo(offsetMs: number): void {
    this.#offsetMs = offsetMs;
    for (const listener of this.#listeners) listener();
  }
  /** Calls back after each shift. */
  onShift(listener: () => void): void {
    this.#listeners.push(listener);
  }
}
