/** Tells the time. */
export interface Clock {
  /** Wall time in Unix milliseconds. */
  now(): number;
  /** A time that never goes backwards, in milliseconds since an arbitrary start; for durations and timers. */
  monotonic(): number;
}
