import {
  pacingBaseMs,
  pacingFirstMessages,
  pacingMessagesMin,
  pacingQueueMsMax,
  pacingQueueMsMin,
  unacknowledgedMessagesMax,
} from '../limits.ts';

/**
 * How many messages may be in flight, found out by the delay of acknowledgements. smux v1 has no flow control and the real agent takes
 * less than a megabyte a second, so whatever is sent beyond its pace stands in queues before it, where it delays everything else.
 *
 * Once a round (until a message sent after the last judgement is acknowledged) the window becomes
 * `window * sqrt((base + queue) / delay)`: `delay` is the least of the round, `base` the least of late, `queue` the delay that we are
 * ready to add. Where the path is faster than the window, delay is base and the window grows, at first by doubling; where it is slower
 * the window settles so that about `queue` of messages stand in line, which keeps the path busy and no more. The square root halves
 * each step, since a step is seen only a round later. Messages sent twice say nothing.
 *
 * Delay that comes and goes within a round (a busy machine, acknowledgements in batches) is no standing queue: `queue` is at least as
 * long as the delays of late waver, so that such a path is not left idle.
 */
export class PacingWindow {
  #window = pacingFirstMessages;
  #starting = true;
  /** Least delays of this and of the last base period, milliseconds. */
  #base = Number.POSITIVE_INFINITY;
  #baseBefore = Number.POSITIVE_INFINITY;
  #periodEndsAt: number | undefined;
  /** The round ends when this number or a later one is acknowledged. */
  #roundTo = 0;
  #roundDelay = Number.POSITIVE_INFINITY;
  #roundSum = 0;
  #roundCount = 0;
  /** Mean above least delay of a round, smoothed. */
  #wavering = 0;
  /** The window held something back in this round. */
  #limited = false;
  /** While set, the queue is let run empty until this number is acknowledged, so that the base shows. */
  #emptyingTo: number | undefined;
  /** The round follows an emptied queue: its first delays say nothing about the window. */
  #refilling = false;

  /** Messages that may be in flight now. */
  get messages(): number {
    return this.#emptyingTo === undefined ? Math.floor(this.#window) : this.#emptying;
  }

  /** Half of what fills the path without a queue. */
  get #emptying(): number {
    const full = (this.#window * this.baseMs) / (this.baseMs + this.#queueMs);
    return Math.max(pacingMessagesMin, Math.floor(full / 2));
  }

  /** The least delay of late, milliseconds; infinite before the first acknowledgement. */
  get baseMs(): number {
    return Math.min(this.#base, this.#baseBefore);
  }

  /** The delay that we add where there is as much to send as the path takes: as much as it has of itself, within bounds. */
  get #queueMs(): number {
    return Math.min(pacingQueueMsMax, Math.max(pacingQueueMsMin, this.baseMs, this.#wavering));
  }

  /** A message was sent and `inFlight` are unacknowledged now. */
  sent(inFlight: number): void {
    if (inFlight >= this.messages) this.#limited = true;
  }

  /** Message `sequence`, sent once, was acknowledged after `delayMs`; `next` is the number of the next new one. */
  acknowledged(sequence: number, delayMs: number, now: number, next: number): void {
    if (delayMs < this.#base) this.#base = delayMs;
    if (delayMs < this.#roundDelay) this.#roundDelay = delayMs;
    this.#roundSum += delayMs;
    this.#roundCount += 1;
    if (this.#emptyingTo !== undefined) {
      if (sequence < this.#emptyingTo) return;
      this.#emptyingTo = undefined;
      this.#refilling = true;
      this.#beginRound(next);
      return;
    }
    if (sequence < this.#roundTo) return;
    this.#wavering += (this.#roundSum / this.#roundCount - this.#roundDelay - this.#wavering) / 4;
    if (!this.#refilling) this.#judgeRound();
    this.#refilling = false;
    this.#turnPeriod(now, next);
    this.#beginRound(next);
  }

  /** The path was replaced: what was learned of it is forgotten. */
  restart(next: number): void {
    this.#window = Math.min(this.#window, pacingFirstMessages);
    this.#starting = true;
    this.#wavering = 0;
    this.#base = Number.POSITIVE_INFINITY;
    this.#baseBefore = Number.POSITIVE_INFINITY;
    this.#periodEndsAt = undefined;
    this.#emptyingTo = undefined;
    this.#beginRound(next);
  }

  #beginRound(next: number): void {
    this.#roundTo = next;
    this.#roundDelay = Number.POSITIVE_INFINITY;
    this.#roundSum = 0;
    this.#roundCount = 0;
    this.#limited = false;
  }

  #judgeRound(): void {
    const base = this.baseMs;
    const delay = this.#roundDelay;
    const wished = base + this.#queueMs;
    if (delay > base + this.#queueMs / 2) this.#starting = false;
    if (delay <= wished && !this.#limited) return; // nobody knows whether more would have passed
    if (delay > wished * 1.25 && this.#window <= pacingMessagesMin) {
      // So few messages make no such queue: the path itself has become slower.
      this.#base = delay;
      this.#baseBefore = delay;
      return;
    }
    const step = this.#starting ? 2 : Math.min(2, Math.max(0.5, Math.sqrt(wished / Math.max(delay, 0.001))));
    this.#window = Math.min(unacknowledgedMessagesMax, Math.max(pacingMessagesMin, this.#window * step));
  }

  /** Forgets old bases. With a bulk flow the queue never runs empty by itself, and its delay would be taken for the path's. */
  #turnPeriod(now: number, next: number): void {
    this.#periodEndsAt ??= now + pacingBaseMs;
    if (now < this.#periodEndsAt) return;
    this.#periodEndsAt = now + pacingBaseMs;
    this.#baseBefore = this.#base;
    this.#base = Number.POSITIVE_INFINITY;
    if (this.#limited) this.#emptyingTo = next + this.#emptying;
  }
}
