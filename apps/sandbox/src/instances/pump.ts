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
  #woken = false;
  #held = false;
  #stopped = false;
  #timer: TimerHandle | undefined;

  constructor(effects: Effects, pace: Pace, pull: (count: number) => number) {
    this.#effects = effects;
    this.#pace = pace;
    this.#pull = pull;
  }

  /** There is something to send. While a run or its sleep is under way this only makes sure that another follows. */
  wake(): void {
    if (this.#held || this.#stopped) return;
    this.#woken = true;
    if (this.#scheduled) return;
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
    this.#woken = false;
    // Still scheduled: pulling wakes us, and a second run beside the sleep would double the pace.
    const count = this.#held || this.#stopped ? 0 : this.#pull(this.#pace.paced ? 1 : batch);
    if (count > 0 && this.#pace.paced) {
      this.#timer = this.#effects.timers.after(sleepMs, () => this.#run());
      return;
    }
    this.#scheduled = false;
    if (count > 0 || this.#woken) this.wake();
  }
}
