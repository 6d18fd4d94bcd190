import type { Effects, TimerHandle } from '@sallyport/effects';

/** How an agent puts stream messages out. */
export interface Pace {
  /** True: one message, then a sleep of a millisecond, as the real agent does. False: as fast as the machine goes. */
  readonly paced: boolean;
}

/** Messages put out in one go without pacing; then other work of the process has its turn. */
const batch = 128;
const sleepMs = 1;

/** Pulls stream messages out of a session at the agent's pace, and stops while the gateway asks it to. */
export class Pump {
  readonly #effects: Effects;
  readonly #pace: Pace;
  /** Puts out up to `count` messages and says how many went. */
  readonly #pull: (count: number) => number;
  #scheduled = false;
  #held = false;
  #stopped = false;
  #timer: TimerHandle | undefined;

  constructor(effects: Effects, pace: Pace, pull: (count: number) => number) {
    this.#effects = effects;
    this.#pace = pace;
    this.#pull = pull;
  }

  /** There is something to send. */
  wake(): void {
    if (this.#scheduled || this.#held || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(() => this.#run());
  }

  /** Stops sending, or goes on. */
  hold(on: boolean): void {
    this.#held = on;
    if (!on) this.wake();
  }

  /** Ends for good. */
  stop(): void {
    this.#stopped = true;
    if (this.#timer !== undefined) this.#effects.timers.cancel(this.#timer);
  }

  #run(): void {
    this.#scheduled = false;
    if (this.#held || this.#stopped) return;
    const count = this.#pace.paced ? 1 : batch;
    if (this.#pull(count) === 0) return;
    if (!this.#pace.paced) return this.wake();
    this.#scheduled = true;
    this.#timer = this.#effects.timers.after(sleepMs, () => this.#run());
  }
}
