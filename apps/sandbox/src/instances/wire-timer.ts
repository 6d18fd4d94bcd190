import type { Effects, TimerHandle } from '@sallyport/effects';

/** What a session on the wire asks of its timer. */
export interface Ticking {
  nextTickAt(): number | undefined;
  tick(now: number): void;
}

/** Keeps one timer at the time a session wants to be looked after. */
export class WireTimer {
  readonly #effects: Effects;
  readonly #wire: () => Ticking;
  #timer: { readonly handle: TimerHandle; readonly at: number } | undefined;
  #stopped = false;

  constructor(effects: Effects, wire: () => Ticking) {
    this.#effects = effects;
    this.#wire = wire;
  }

  /** To be called after everything that may have changed when the session wants its next tick. */
  arm(): void {
    const { timers, clock } = this.#effects;
    const at = this.#wire().nextTickAt();
    if (this.#stopped || at === this.#timer?.at) return;
    if (this.#timer !== undefined) {
      // An earlier timer only ticks early, which does no harm, and saves re-arming at every message.
      if (at !== undefined && at > this.#timer.at) return;
      timers.cancel(this.#timer.handle);
      this.#timer = undefined;
    }
    if (at === undefined) return;
    const handle = timers.after(at - clock.monotonic(), () => {
      this.#timer = undefined;
      this.#wire().tick(clock.monotonic());
      this.arm();
    });
    this.#timer = { handle, at };
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== undefined) this.#effects.timers.cancel(this.#timer.handle);
    this.#timer = undefined;
  }
}
