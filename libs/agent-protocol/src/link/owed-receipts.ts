import type { Effects, TimerHandle } from '@sallyport/effects';
import type { Carrier } from './carrier.ts';

/** Receipts that carriers owe and that no frame took along: each is sent alone when it is due. */
export class OwedReceipts {
  readonly #timers: Effects['timers'];
  /** With the milliseconds that each timer was set for. */
  readonly #waiting = new Map<Carrier, { readonly timer: TimerHandle; readonly dueIn: number }>();

  constructor(timers: Effects['timers']) {
    this.#timers = timers;
  }

  /** A carrier owes one. True when it was due at once and was put; the caller has it sent. */
  put(carrier: Carrier, now: number): boolean {
    const dueIn = carrier.receiptDueIn(now);
    if (dueIn === 0) {
      carrier.putReceipt();
      return true;
    }
    const waiting = this.#waiting.get(carrier);
    if (waiting && waiting.dueIn <= dueIn) return false;
    if (waiting) this.#timers.cancel(waiting.timer);
    const timer = this.#timers.after(dueIn, () => {
      this.#waiting.delete(carrier);
      if (!carrier.owesReceipt) return;
      carrier.putReceipt();
      carrier.flush();
    });
    this.#waiting.set(carrier, { timer, dueIn });
    return false;
  }

  /** The carrier is gone. */
  forget(carrier: Carrier): void {
    const waiting = this.#waiting.get(carrier);
    if (waiting) this.#timers.cancel(waiting.timer);
    this.#waiting.delete(carrier);
  }

  stop(): void {
    for (const { timer } of this.#waiting.values()) this.#timers.cancel(timer);
    this.#waiting.clear();
  }
}
