import type { Effects, TimerHandle } from '@sallyport/effects';

/** Before the end people are warned, this many seconds. */
const warningsAt = [600, 300, 60] as const;
/** Warnings later than this (the machine slept) are told with what is really left by nobody: the next one is near. */
const lateMs = 5_000;
/** The clock says the grant is over and yet it is not: asked again so soon. */
const askAgainMs = 1_000;

export interface GrantClockEvents {
  warning(secondsLeft: number): void;
  /** By this machine's clock the grant is over. */
  over(): void;
}

/** Watches the end of a grant by the wall clock: warns before it and tells when it is there. */
export class GrantClock {
  readonly #effects: Pick<Effects, 'clock' | 'timers'>;
  readonly #events: GrantClockEvents;
  #timers: TimerHandle[] = [];
  #endsAt = '';
  /** Warnings still to be given for this end. */
  #ahead: number[] = [];

  constructor(effects: Pick<Effects, 'clock' | 'timers'>, events: GrantClockEvents) {
    this.#effects = effects;
    this.#events = events;
  }

  /** The grant ends then. For another end than before, every warning that lies ahead is given (again). */
  set(endsAt: string): void {
    if (endsAt === this.#endsAt) return;
    this.#endsAt = endsAt;
    const left = this.#leftMs();
    this.#ahead = warningsAt.filter((seconds) => left > seconds * 1000);
    this.rearm();
  }

  /** Sets the timers anew from the wall clock: after sleep they are late, and after "over" they ask again. */
  rearm(): void {
    this.stop();
    const left = this.#leftMs();
    for (const seconds of [...this.#ahead]) this.#arm(left - seconds * 1000, () => this.#warn(seconds));
    this.#arm(left > 0 ? left : askAgainMs, () => this.#events.over());
  }

  stop(): void {
    for (const timer of this.#timers) this.#effects.timers.cancel(timer);
    this.#timers = [];
  }

  #arm(ms: number, run: () => void): void {
    this.#timers.push(this.#effects.timers.after(Math.max(0, ms), run));
  }

  #warn(seconds: number): void {
    this.#ahead = this.#ahead.filter((other) => other !== seconds);
    if (this.#leftMs() > seconds * 1000 - lateMs) this.#events.warning(seconds);
  }

  #leftMs(): number {
    return Date.parse(this.#endsAt) - this.#effects.clock.now();
  }
}
