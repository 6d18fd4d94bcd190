import { chunkBytes, preferredBytes } from '../limits.ts';
import type { Carrier } from './carrier.ts';
import type { LinkStream } from './link-stream.ts';

/** Bulk leaves the carrier that it is on only for one where it would arrive by so much earlier: what several carriers bring must be put in order. */
const earlierMs = 4;

/** With so many carriers, one is left to small talk as long as there is any beside bulk: nothing queues on it, whatever paces the others. */
const carriersForLane = 6;
/** Small talk goes on for so long after its latest word. */
const talkMs = 2_000;

/**
 * Whose turn it is, and over which carrier. A stream that had nothing to say goes before those that stand in line, for a turn's worth of bytes,
 * and may do so on a full carrier: typing does not wait for bulk. It has that credit once for each time the line could have moved round, so that
 * preference never adds up to more than its share.
 */
export class Scheduler {
  readonly #fresh: LinkStream[] = [];
  readonly #line: LinkStream[] = [];
  /** Bytes sent by all streams: the clock of turns. */
  #moved = 0;
  #now = 0;
  #talkedAt = Number.NEGATIVE_INFINITY;

  get waiting(): boolean {
    return this.#fresh.length > 0 || this.#line.length > 0;
  }

  /** What streams that are over have to send again, in memory; their link knows them no more. */
  get againBytes(): number {
    let bytes = 0;
    for (const line of [this.#fresh, this.#line])
      for (const stream of line) if (stream.over) bytes += stream.againBytes;
    return bytes;
  }

  wants(stream: LinkStream): void {
    if (stream.queued || !stream.sendable) return;
    stream.queued = true;
    if (!stream.bulky && this.#moved >= stream.preferredFrom) {
      stream.turn = preferredBytes;
      stream.preferredFrom = this.#moved + preferredBytes * (this.#line.length + 1);
    }
    (stream.turn > 0 ? this.#fresh : this.#line).push(stream);
  }

  /**
   * Lets streams send while carriers have room: `send` puts one piece of at most so many bytes and returns its bytes, 0 when there was none.
   */
  run(
    carriers: readonly Carrier[],
    now: number,
    send: (stream: LinkStream, carrier: Carrier, bytesMax: number) => number,
  ): void {
    this.#now = now;
    this.#runLine(this.#fresh, carriers, preferredBytes, send);
    this.#runLine(this.#line, carriers, 0, send);
    if (this.waiting) for (const carrier of carriers) if (carrier.room() <= 0) carrier.pace.limited();
  }

  /** One line until it is empty or nobody in it has a carrier with room. */
  #runLine(
    line: LinkStream[],
    carriers: readonly Carrier[],
    beyond: number,
    send: (stream: LinkStream, carrier: Carrier, bytesMax: number) => number,
  ): void {
    for (let skipped = 0; skipped < line.length;) {
      if (!carriers.some((carrier) => carrier.room(beyond) > 0)) return;
      const stream = line[0]!;
      if (!stream.sendable) {
        line.shift();
        stream.queued = false;
        continue;
      }
      const carrier = this.#carrierFor(stream, carriers, beyond);
      if (!carrier) {
        line.push(line.shift()!);
        skipped++;
        continue;
      }
      skipped = 0;
      const most = Math.max(chunkBytes.least, Math.min(carrier.pace.chunk, carrier.room(beyond)));
      const bytes = send(stream, carrier, Math.min(most, stream.turn || most));
      if (!stream.bulky) this.#talkedAt = this.#now;
      this.#moved += bytes;
      stream.turn = Math.max(0, stream.turn - bytes);
      line.shift();
      if (!stream.sendable) stream.queued = false;
      else if (line === this.#fresh && stream.turn > 0) line.unshift(stream);
      else this.#line.push(stream);
    }
  }

  /** A stream that is not known to the peer keeps to one carrier; so does one with little to say, while that carrier takes it. */
  #carrierFor(stream: LinkStream, all: readonly Carrier[], beyond: number): Carrier | undefined {
    const { home } = stream;
    const carriers = stream.bulky && stream.known ? this.#forBulk(all) : all;
    const homeLives = home !== undefined && carriers.includes(home);
    if (homeLives && (!stream.known || !stream.bulky) && home.room(beyond) > 0) return home;
    if (homeLives && !stream.known) return undefined;
    let best: Carrier | undefined;
    for (const carrier of carriers)
      if (carrier.room(beyond) > 0 && (!best || carrier.arrivalMs < best.arrivalMs)) best = carrier;
    if (!best) return undefined;
    if (homeLives && stream.bulky && home.room(beyond) > 0 && home.arrivalMs <= best.arrivalMs + earlierMs)
      return home;
    if (!homeLives || !stream.bulky) stream.home = best;
    return best;
  }

  #forBulk(carriers: readonly Carrier[]): readonly Carrier[] {
    const talks = carriers.length >= carriersForLane && this.#now - this.#talkedAt < talkMs;
    return talks ? carriers.slice(0, -1) : carriers;
  }
}
