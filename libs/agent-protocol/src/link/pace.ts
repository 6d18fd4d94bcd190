import { chunkBytes, flightBytes } from '../limits.ts';

/** How far a queue on the way may grow: half the bare round trip, within these; milliseconds. */
const queueMs = { least: 8, most: 50 };
/** The bare round trip is looked for anew after this long, because ways change. */
const bareForMs = 10_000;

/**
 * How much may be in flight on one carrier. Grows until the round trip shows a queue and then holds the queue short, so that a small flow
 * never stands behind more than that, whatever buffers lie below: a full link, a paced session, a kernel's send buffer.
 */
export class CarrierPace {
  #window = flightBytes.first;
  #doubling = true;
  #limited = false;
  /** The shortest round trips of this period and the one before. */
  #bare = { now: Number.POSITIVE_INFINITY, before: Number.POSITIVE_INFINITY, since: 0 };
  #round = { from: 0, until: 0, at: 0, shortest: Number.POSITIVE_INFINITY };
  #smoothed: number | undefined;
  #bytesPerMs = 0;

  /** Bytes that may be in flight. */
  get window(): number {
    return this.#window;
  }
  /** Smoothed round trip; undefined before the first receipt. */
  get rttMs(): number | undefined {
    return this.#smoothed;
  }
  /** What the carrier has been carrying; 0 when not known. */
  get bytesPerMs(): number {
    return this.#bytesPerMs;
  }
  /** One turn's worth for one stream. */
  get chunk(): number {
    return Math.min(chunkBytes.most, Math.max(chunkBytes.least, this.#window >> 3));
  }
  get #bareMs(): number {
    return Math.min(this.#bare.now, this.#bare.before);
  }

  /** Something waited because the flight was full: the window may be what limits. */
  limited(): void {
    this.#limited = true;
  }

  /** After a pause the next round begins with what is sent now. */
  began(now: number, position: number): void {
    this.#round = { from: position, until: position, at: now, shortest: Number.POSITIVE_INFINITY };
  }

  /** Everything up to `confirmed` has arrived, of `sent` bytes; the newest of it took `rttMs`. */
  confirmed(now: number, confirmed: number, sent: number, rttMs: number): void {
    this.#smoothed = this.#smoothed === undefined ? rttMs : this.#smoothed * 0.875 + rttMs * 0.125;
    if (now - this.#bare.since > bareForMs) this.#bare = { now: rttMs, before: this.#bare.now, since: now };
    else this.#bare.now = Math.min(this.#bare.now, rttMs);
    const round = this.#round;
    round.shortest = Math.min(round.shortest, rttMs);
    if (confirmed < round.until || confirmed === round.from) return;
    const ms = now - round.at;
    if (ms > 0) this.#measured((confirmed - round.from) / ms);
    this.#adapt(round.shortest);
    this.#round = { from: confirmed, until: sent, at: now, shortest: Number.POSITIVE_INFINITY };
    this.#limited = false;
  }

  /** A carrier that had little to carry may be able to carry more than it showed. */
  #measured(bytesPerMs: number): void {
    if (this.#limited || bytesPerMs > this.#bytesPerMs)
      this.#bytesPerMs = this.#bytesPerMs === 0 ? bytesPerMs : this.#bytesPerMs * 0.7 + bytesPerMs * 0.3;
  }

  #adapt(shortestMs: number): void {
    const bare = this.#bareMs;
    const target = Math.min(queueMs.most, Math.max(queueMs.least, bare / 2));
    if (shortestMs - bare > target) {
      this.#doubling = false;
      const share = Math.max(0.5, (bare + target) / shortestMs);
      this.#window = Math.max(flightBytes.least, Math.floor(this.#window * share));
    } else if (this.#limited) {
      const more = this.#doubling ? this.#window : Math.max(chunkBytes.least, this.#window >> 3);
      this.#window = Math.min(flightBytes.most, this.#window + more);
    }
  }
}
