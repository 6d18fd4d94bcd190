import type { Effects, TimerHandle } from '@sallyport/effects';
import { frame } from '../frame/encode.ts';
import { frameTypes } from '../frame/frame-type.ts';
import { silentAfterMs, stalledAfterMs, stuckAfterMs } from '../limits.ts';
import type { Carrier } from './carrier.ts';

const checkMs = { busy: 250, idle: 5_000 };

/** Looks at the carriers of a link now and then: asks silent ones for a sign of life, and gives up those that are gone or never read. */
export class CarrierWatch {
  readonly #effects: Pick<Effects, 'clock' | 'timers'>;
  readonly #carriers: readonly Carrier[];
  readonly #stalled: (carrier: Carrier) => void;
  #check: TimerHandle | undefined;
  #checkIsSoon = false;
  #over = false;

  /** `stalled` is told of a carrier that confirms nothing while others could carry what it has in flight. */
  constructor(
    effects: Pick<Effects, 'clock' | 'timers'>,
    carriers: readonly Carrier[],
    stalled: (carrier: Carrier) => void,
  ) {
    this.#effects = effects;
    this.#carriers = carriers;
    this.#stalled = stalled;
  }

  /** Something was sent, or a carrier was added: looks again soon. */
  arm(): void {
    if (this.#over || this.#carriers.length === 0) return;
    const busy = this.#carriers.some(({ inFlight }) => inFlight > 0);
    const { timers } = this.#effects;
    if (this.#check && (this.#checkIsSoon || !busy)) return;
    if (this.#check) timers.cancel(this.#check);
    this.#checkIsSoon = busy;
    this.#check = timers.after(busy ? checkMs.busy : checkMs.idle, () => {
      this.#check = undefined;
      for (const carrier of [...this.#carriers]) this.#look(carrier);
      this.arm();
    });
  }

  stop(): void {
    this.#over = true;
    if (this.#check) this.#effects.timers.cancel(this.#check);
  }

  #look(carrier: Carrier): void {
    const now = this.#effects.clock.monotonic();
    const silentMs = now - carrier.heardAt;
    const waitedMs = carrier.inFlight === 0 ? 0 : now - carrier.progressAt;
    // A peer that speaks and never reads would keep what is in flight for ever.
    if (silentMs >= 2 * silentAfterMs || waitedMs >= stuckAfterMs) return carrier.close();
    if (silentMs >= silentAfterMs) {
      carrier.putUncounted(frame(frameTypes.ping, 0));
      carrier.flush();
    }
    const patience = Math.max(stalledAfterMs, 4 * (carrier.pace.rttMs ?? 0));
    const others = this.#carriers.some((other) => other !== carrier && !other.stalled);
    if (carrier.stalled || !others || waitedMs < patience) return;
    carrier.stalled = true;
    this.#stalled(carrier);
  }
}
