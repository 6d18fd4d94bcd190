import type { STSClient } from '@aws-sdk/client-sts';
import type { Clock } from '@sallyport/effects';

/**
 * How far AWS's clock is from ours, by the Date header of its answers. The SDK corrects its signatures by itself, so a
 * wrong clock of ours would show only in leases that end at the wrong moment.
 */
export class ClockWatch {
  readonly #clock: Clock;
  #skewMs = 0;
  #seenAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Reads the header of every answer of a client, refusals included. */
  watch(client: STSClient): void {
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { headers } = (result.response ?? {}) as { headers?: Record<string, string | undefined> };
        this.read(headers?.['date']);
        return result;
      },
      // Innermost: before the answer is read, and thrown when it is a refusal.
      { step: 'deserialize', priority: 'low', name: 'sallyportClockWatch' },
    );
  }

  read(date: string | undefined): void {
    const theirs = date === undefined ? NaN : Date.parse(date);
    if (Number.isNaN(theirs)) return;
    this.#seenAt = this.#clock.now();
    this.#skewMs = theirs - this.#seenAt;
  }

  /** True when AWS has told its time within the last `ms`. */
  seenWithin(ms: number): boolean {
    return this.#seenAt !== undefined && this.#clock.now() - this.#seenAt < ms;
  }

  /** AWS's clock minus ours, exact to about a second; zero before the first answer. */
  get skewMs(): number {
    return this.#skewMs;
  }
}
