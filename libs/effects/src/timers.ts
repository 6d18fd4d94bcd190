/** What `after` and `every` return; pass it to `cancel`. */
export type TimerHandle = object;

/** Calls back later. Callbacks must not throw; one that does is a bug and ends the process. */
export interface Timers {
  /** Calls `run` once after `ms` milliseconds. */
  after(ms: number, run: () => void): TimerHandle;
  /** Calls `run` every `ms` milliseconds until cancelled. */
  every(ms: number, run: () => void): TimerHandle;
  /** Cancels a timer; one that has run or was cancelled is ignored. */
  cancel(timer: TimerHandle): void;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when that aborts first. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}
