/** More than this per carrier and second is bulk that another session would speed up; AWS's agent sends 0.5 to 0.9 MB/s on one. */
const busyBytesPerSecond = 192 * 1024;
/** Less than this in all, for as long as below, needs one session only. */
const quietBytesPerSecond = 64 * 1024;
const quietForMs = 60_000;

/** How many carriers the load calls for: twice as many while each is busy, one again after a quiet minute. */
export class CarrierCount {
  readonly #most: number;
  #wanted = 1;
  #bytes = 0;
  #at: number | undefined;
  #busyAt: number | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  get wanted(): number {
    return this.#wanted;
  }

  /** Looks at the bytes carried so far, by so many carriers. */
  sample(now: number, bytes: number, carriers: number): void {
    const seconds = this.#at === undefined ? 0 : (now - this.#at) / 1000;
    // A carrier that was lost took its count with it.
    const moved = Math.max(0, bytes - this.#bytes);
    const rate = seconds > 0 ? moved / seconds : 0;
    this.#at = now;
    this.#bytes = bytes;
    this.#busyAt ??= now;
    if (rate > quietBytesPerSecond) this.#busyAt = now;
    if (carriers >= this.#wanted && carriers > 0 && rate / carriers > busyBytesPerSecond)
      this.#wanted = Math.min(this.#most, this.#wanted * 2);
    if (now - this.#busyAt > quietForMs) this.#wanted = 1;
  }
}
