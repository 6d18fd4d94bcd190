import { chunkBytes, flightBytes } from '../limits.ts';

/** How far a queue on the way may grow: half the round trip, within these; milliseconds. */
const queueMs = { least: 15, most: 50 };
/** A queue stands when nothing got through faster for this long; a machine that was busy for a moment is none. */
const standsAfterMs = 1_000;
/**
 * How long the shortest way is remembered: longer than a queue of ours lasts, since a queue that always stands looks like a longer way; and not for
 * ever, because ways change and clocks drift.
 */
const bareForMs = 180_000;

/** What a way's length varies by is no queue: so many mean deviations are borne, up to this. */
const deviations = { count: 4, mostMs: 250 };
/** The greatest rate of about this long holds: a carrier that was slow for a moment is not slow. */
const fastestForMs = 5_000;

/** The greatest of the last two periods. */
class Greatest {
  #now = 0;
  #before = 0;
  #since = 0;

  add(now: number, value: number): void {
    if (now - this.#since > fastestForMs) {
      this.#before = this.#now;
      this.#now = value;
      this.#since = now;
    } else this.#now = Math.max(this.#now, value);
  }

  get value(): number {
    return Math.max(this.#now, this.#before);
  }
}

/** The least of the last two periods. */
class Least {
  #now = Number.POSITIVE_INFINITY;
  #before = Number.POSITIVE_INFINITY;
  #since = 0;

  add(now: number, value: number): void {
    if (now - this.#since > bareForMs) {
      this.#before = this.#now;
      this.#now = value;
      this.#since = now;
    } else this.#now = Math.min(this.#now, value);
  }

  get value(): number {
    return Math.min(this.#now, this.#before);
  }
}

/**
 * How much may be in flight on one carrier. Grows until our own direction shows a queue and then holds the queue short, so that a small flow never
 * stands behind more than that, whatever buffers lie below: a full link, a paced session, a kernel's send buffer. A queue shows in the time from here
 * to there, which the peer tells by its own clock: only differences count, and what is queued on the way back does not.
 */
export class CarrierPace {
  #window = flightBytes.first;
  #doubling = true;
  #limited = false;
  #shortestWay = new Least();
  #shortestTrip = new Least();
  #round = { from: 0, until: 0, at: 0, way: Number.POSITIVE_INFINITY };
  /** The shortest way of the present second. */
  #stretch = { at: 0, way: Number.POSITIVE_INFINITY };
  #smoothed: number | undefined;
  #smoothedWay: number | undefined;
  #deviation = 0;
  #bytesPerMs = 0;
  readonly #fastest = new Greatest();

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

  /** Something waited because the flight was full: the window may be what limits. */
  limited(): void {
    this.#limited = true;
  }

  /** After a pause the next round begins with what is sent now. */
  began(now: number, position: number): void {
    this.#round = { from: position, until: position, at: now, way: Number.POSITIVE_INFINITY };
    this.#stretch = { at: now, way: Number.POSITIVE_INFINITY };
  }

  /** The way may be another one: what was learnt of its length is forgotten. */
  forget(): void {
    this.#shortestWay = new Least();
    this.#shortestTrip = new Least();
  }

  /**
   * Everything up to `confirmed` has arrived, of `sent` bytes. The newest of it came back confirmed after `rttMs`, and arrived `wayMs` after it was
   * sent, by two clocks.
   */
  confirmed(now: number, confirmed: number, sent: number, rttMs: number, wayMs: number): void {
    this.#smoothed = this.#smoothed === undefined ? rttMs : this.#smoothed * 0.875 + rttMs * 0.125;
    this.#shortestTrip.add(now, rttMs);
    this.#shortestWay.add(now, wayMs);
    const off = Math.abs(wayMs - (this.#smoothedWay ?? wayMs));
    this.#deviation = this.#deviation * 0.875 + off * 0.125;
    this.#smoothedWay = (this.#smoothedWay ?? wayMs) * 0.875 + wayMs * 0.125;
    const round = this.#round;
    round.way = Math.min(round.way, wayMs);
    this.#stretch.way = Math.min(this.#stretch.way, wayMs);
    if (now - this.#stretch.at >= standsAfterMs) {
      this.#shrink(this.#stretch.way - this.#shortestWay.value);
      this.#stretch = { at: now, way: Number.POSITIVE_INFINITY };
    }
    if (confirmed < round.until || confirmed === round.from) return;
    const ms = now - round.at;
    if (ms > 0) this.#measured(now, (confirmed - round.from) / ms);
    if (this.#limited) this.#grow(round.way - this.#shortestWay.value);
    this.#round = { from: confirmed, until: sent, at: now, way: Number.POSITIVE_INFINITY };
    this.#limited = false;
  }

  /** A carrier that had little to carry may be able to carry more than it showed. */
  #measured(now: number, bytesPerMs: number): void {
    this.#fastest.add(now, bytesPerMs);
    if (this.#limited || bytesPerMs > this.#bytesPerMs)
      this.#bytesPerMs = this.#bytesPerMs === 0 ? bytesPerMs : this.#bytesPerMs * 0.7 + bytesPerMs * 0.3;
  }

  /** How long a queue may be. */
  get #targetMs(): number {
    const half = Math.min(queueMs.most, Math.max(queueMs.least, this.#shortestTrip.value / 2));
    return half + Math.min(deviations.mostMs, deviations.count * this.#deviation);
  }

  #grow(queueMsNow: number): void {
    if (queueMsNow > this.#targetMs) {
      this.#doubling = false;
      return;
    }
    const more = this.#doubling ? this.#window : Math.max(chunkBytes.least, this.#window >> 3);
    this.#window = Math.min(flightBytes.most, this.#window + more);
  }

  /** A queue that stood for a second is brought back to what it may be. */
  #shrink(queueMsStanding: number): void {
    const trip = this.#shortestTrip.value;
    if (queueMsStanding <= this.#targetMs) return;
    this.#doubling = false;
    const share = Math.max(0.5, (trip + this.#targetMs) / (trip + queueMsStanding));
    // What the carrier has shown to carry fits in any case.
    const shown = this.#fastest.value * (trip + this.#targetMs);
    const least = Math.min(this.#window, Math.max(flightBytes.least, shown));
    this.#window = Math.max(Math.floor(least), Math.floor(this.#window * share));
  }
}
