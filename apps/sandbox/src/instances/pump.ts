import type { Effects, TimerHandle } from '@sallyport/effects';

/** How an agent puts stream messages out. */
export interface Pace {
  /** True: one message, then a sleep of a millisecond, as the real agent does. False: as fast as the machine goes. */
  readonly paced: boolean;
}

/** Messages put out in one go without pacing; then other work of the process has its turn. */
const batch = 128;
/** A sleep of a millisecond takes this long on a real gateway (measured with Go 1.23 on Linux). */
const sleepMs = 1.17;
/**
 * Agents of a real world do not share a process. When this one was late for a message, so many more go at once, so that an agent's pace does not depend on
 * how many others are emulated beside it.
 */
const lateMessagesMax = 32;

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
  /** When the agent has slept enough for its next message; undefined while it has nothing to send. */
  #nextAt: number | undefined;

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
    if (this.#pace.paced && !this.#held && !this.#stopped) return this.#runPaced();
    const count = this.#held || this.#stopped ? 0 : this.#pull(batch);
    this.#rest(count > 0);
  }

  #runPaced(): void {
    const now = this.#effects.clock.monotonic();
    const lateMs = now - (this.#nextAt ?? now);
    if (lateMs < 0) return this.#sleep(-lateMs);
    const count = this.#pull(Math.min(lateMessagesMax, 1 + Math.floor(lateMs / sleepMs)));
    if (count === 0) {
      this.#nextAt = undefined;
      return this.#rest(false);
    }
    this.#nextAt = Math.max(now - lateMessagesMax * sleepMs, now - lateMs + count * sleepMs);
    this.#sleep(this.#nextAt - now);
  }

  #sleep(ms: number): void {
    this.#timer = this.#effects.timers.after(Math.max(1, ms), () => this.#run());
  }

  #rest(more: boolean): void {
    this.#scheduled = false;
    if (more || this.#woken) this.wake();
  }
}
