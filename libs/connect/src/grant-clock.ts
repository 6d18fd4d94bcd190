import type { Effects, TimerHandle } from '@sallyport/effects';

/** Before the end people are warned, this many seconds. */
const warningsAt = [600, 300, 60] as const;
/** Warnings later than this (the machine slept) are told with what is really left by nobody: the next one is near. */
const lateMs = 5_000;
/** The clock says the grant is over and yet it is not: asked again so soon. */
const askAgainMs = 1_000;
/** The clock says the grant is over and the control plane is silent: then our clock decides. */
const silentEndMs = 2_000;
/** A machine that woke needs this long to have a network again; the grant may have been extended while it slept. */
const afterSleepMs = 30_000;

export interface GrantClockEvents {
  warning(secondsLeft: number): void;
  /** By this machine's clock the grant is over: the control plane is to be asked. Told again each second until it is not. */
  over(): void;
  /** It is over, and nobody answered in time. */
  silent(): void;
}

/** Watches the end of a grant by the wall clock: warns before it and tells when it is there. */
export class GrantClock {
  readonly #effects: Pick<Effects, 'clock' | 'timers'>;
  readonly #events: GrantClockEvents;
  #timers: TimerHandle[] = [];
  /** Runs from the first "over" without an answer. */
  #silence: TimerHandle | undefined;
  /** Monotonic. */
  #patientUntil = Number.NEGATIVE_INFINITY;
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

  /** The machine slept: timers are late, and answers may take long to come. */
  woke(): void {
    const { clock, timers } = this.#effects;
    this.#patientUntil = clock.monotonic() + afterSleepMs;
    if (this.#silence) {
      timers.cancel(this.#silence);
      this.#listen();
    }
    this.rearm();
  }

  /** The control plane answered, and did not end the grant: it was extended, or this machine's clock is ahead. */
  answered(): void {
    if (this.#silence) this.#effects.timers.cancel(this.#silence);
    this.#silence = undefined;
  }

  /** Sets the timers anew from the wall clock; after "over" they ask again. */
  rearm(): void {
    this.#disarm();
    const left = this.#leftMs();
    for (const seconds of [...this.#ahead]) this.#arm(left - seconds * 1000, () => this.#warn(seconds));
    this.#arm(left > 0 ? left : askAgainMs, () => {
      if (!this.#silence) this.#listen();
      this.#events.over();
    });
  }

  stop(): void {
    this.#disarm();
    this.answered();
  }

  #listen(): void {
    const { clock, timers } = this.#effects;
    const patienceMs = Math.max(silentEndMs, this.#patientUntil - clock.monotonic());
    this.#silence = timers.after(patienceMs, () => this.#events.silent());
  }

  #disarm(): void {
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
