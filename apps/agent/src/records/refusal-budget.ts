import type { Clock } from '@sallyport/effects';
import { grantsBudgetedMax, refusalsRecordedPerMinute } from '../limits.ts';

/** How many records each grant may still make in this minute of conversations that never stood. A scan would drown the others. */
export class RefusalBudget {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #grants = new Map<string, { from: number; used: number }>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Whether one more may be recorded; it is counted. */
  take(grantId: string): boolean {
    const now = this.#clock.monotonic();
    const known = this.#grants.get(grantId);
    if (known === undefined || now - known.from > 60_000) {
      this.#grants.delete(grantId);
      this.#grants.set(grantId, { from: now, used: 1 });
      // Those that have waited longest are first; one that is still in its minute is forgotten only where more grants refuse than serve.
      const [oldest] = this.#grants.keys();
      if (this.#grants.size > grantsBudgetedMax && oldest !== undefined) this.#grants.delete(oldest);
      return true;
    }
    known.used += 1;
    return known.used <= refusalsRecordedPerMinute;
  }
}
