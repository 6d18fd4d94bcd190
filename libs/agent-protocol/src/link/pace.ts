import { chunkBytes, flightBytes } from '../limits.ts';

/** What is assumed of a round trip before one was measured. */
export const rttUnknownMs = 100;
/**
 * How far a queue on the way may grow: a sixteenth of the round trip, within these; milliseconds. On the shortest ways, where it is processors that are
 * waited for and not lines, up to `near`.
 */
const queueMs = { least: 3, most: 50, near: 10 };
/** A queue stands when nothing got through faster for this long; a machine that was busy for a moment is none. */
const standsAfterMs = 500;
/** A round is no shorter, so that its rate means something; milliseconds. */
const roundMsLeast = 1;
/**
 * How long the shortest way is remembered: longer than a queue of ours lasts, since a queue that always stands looks like a longer way; and not for
 * ever, because ways change and clocks drift.
 */
const bareForMs = 180_000;

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
 * The shortest way there and the shortest round trip that the carriers of one link have shown. One for all, as they join the same two machines: a
 * carrier that comes while the others are full never sees the way empty, and would take their queue for its length.
 */
export class BareWay {
  way = new Least();
  trip = new Least();

  /** Whether a carrier has shown anything of it. */
  get known(): boolean {
    return Number.isFinite(this.trip.value);
  }

  /** The way may be another one: what was learnt of its length is forgotten. */
  forget(): void {
    this.way = new Least();
    this.trip = new Least();
  }
}

/**
 * How much may be in flight on one carrier. Grows until our own direction shows a queue and then holds the queue short, so that a small flow never
 * stands behind more than that, whatever buffers lie below: a full link, a paced session, a kernel's send buffer. A queue shows in the time from here
 * to there, which the peer tells by its own clock: only differences count, and what is queued on the way back does not.
 */
export class CarrierPace {
  readonly #bare: BareWay;
  #window: number;
  #doubling = true;
  #limited = false;
  #round = { from: 0, until: 0, at: 0, way: Number.POSITIVE_INFINITY };
  /** The shortest way of the present half second, and where it began. */
  #stretch = { from: 0, at: 0, way: Number.POSITIVE_INFINITY };
  #smoothed: number | undefined;
  #bytesPerMs = 0;

  constructor(bare: BareWay) {
    this.#bare = bare;
    this.#window = bare.known ? flightBytes.joining : flightBytes.first;
  }

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
    this.#stretch = { from: position, at: now, way: Number.POSITIVE_INFINITY };
  }

  /**
   * Everything up to `confirmed` has arrived, of `sent` bytes. The newest of it came back confirmed after `rttMs`, and arrived `wayMs` after it was
   * sent, by two clocks.
   */
  confirmed(now: number, confirmed: number, sent: number, rttMs: number, wayMs: number): void {
    this.#smoothed = this.#smoothed === undefined ? rttMs : this.#smoothed * 0.875 + rttMs * 0.125;
    this.#bare.trip.add(now, rttMs);
    this.#bare.way.add(now, wayMs);
    const round = this.#round;
    round.way = Math.min(round.way, wayMs);
    this.#stretch.way = Math.min(this.#stretch.way, wayMs);
    this.#stretched(now, confirmed);
    const ms = now - round.at;
    if (confirmed < round.until || confirmed === round.from || ms < roundMsLeast) return;
    this.#measured((confirmed - round.from) / ms);
    if (this.#limited) this.#grow(round.way - this.#bare.way.value);
    this.#round = { from: confirmed, until: sent, at: now, way: Number.POSITIVE_INFINITY };
    this.#limited = false;
  }

  /** A carrier that had little to carry may be able to carry more than it showed. */
  #measured(bytesPerMs: number): void {
    if (this.#limited || bytesPerMs > this.#bytesPerMs)
      this.#bytesPerMs = this.#bytesPerMs === 0 ? bytesPerMs : this.#bytesPerMs * 0.7 + bytesPerMs * 0.3;
  }

  /** How long a queue may be. */
  get #targetMs(): number {
    const trip = this.#bare.trip.value;
    return Math.min(queueMs.most, Math.max(queueMs.least, queueMs.near - 2 * trip, trip / 16));
  }

  #grow(queueMsNow: number): void {
    if (queueMsNow > this.#targetMs) {
      this.#doubling = false;
      return;
    }
    const more = this.#doubling ? this.#window : Math.max(chunkBytes.least, this.#window >> 3);
    this.#window = Math.min(flightBytes.most, this.#window + more);
  }

  /** A queue that stood for a stretch is brought back to what it may be. */
  #stretched(now: number, confirmed: number): void {
    const { from, at, way } = this.#stretch;
    if (now - at < standsAfterMs) return;
    this.#stretch = { from: confirmed, at: now, way: Number.POSITIVE_INFINITY };
    const queueMsStanding = way - this.#bare.way.value;
    const target = this.#targetMs;
    if (queueMsStanding <= target) return;
    this.#doubling = false;
    const trip = this.#bare.trip.value;
    const share = Math.max(0.5, (trip + target) / (trip + queueMsStanding));
    // What the carrier has shown to carry fits in any case.
    const shown = ((confirmed - from) / (now - at)) * (trip + target);
    const least = Math.min(this.#window, Math.max(flightBytes.least, shown));
    this.#window = Math.max(Math.floor(least), Math.floor(this.#window * share));
  }
}
