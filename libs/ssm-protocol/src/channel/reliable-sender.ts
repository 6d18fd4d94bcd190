import { resendsPerTickMax, resendTickMs, unacknowledgedMessagesMax } from '../limits.ts';
import { PacingWindow } from './pacing-window.ts';
import { RttEstimator } from './rtt-estimator.ts';

/** A place of the ring. Places are used again and again, since an object for each kilobyte is work for the garbage collector. There are as many as were in flight at once. */
interface InFlight {
  /** Undefined when its message was acknowledged. */
  frame: Uint8Array | undefined;
  /** Hearing time of the last sending, milliseconds. */
  sentAt: number;
  resends: number;
}

/** Places of a new ring; a power of two, as {@link unacknowledgedMessagesMax} is. */
const placesAtFirst = 64;

/**
 * The sending half of the reliable channel: numbers stream messages, keeps them until they are acknowledged and finds the overdue ones.
 *
 * Every 100 ms the oldest message is sent again when its last sending is longer ago than the RTO (section 6.4). The official ends stop
 * there, one message a tick. Here a younger message is sent again as well when it is overdue *and* a message sent after it has been
 * acknowledged, which proves a gap: several losses heal at once, while a path that is merely slow and in order sees no more
 * resends than from the official ends. When for a whole RTO nothing but resent messages was acknowledged, whatever was sent before such a
 * message is lost too: a peer whose socket was away for a while has lost the whole flight, or we its acknowledgements.
 *
 * While this end is deaf (its driver reads nothing, because a reader is slow) no acknowledgement can be heard, so nothing is overdue: all
 * delays count hearing time, which stands still meanwhile.
 */
export class ReliableSender {
  readonly rtt = new RttEstimator();
  readonly pacing = new PacingWindow();
  #ring: (InFlight | undefined)[] = new Array<InFlight | undefined>(placesAtFirst);
  #mask = placesAtFirst - 1;
  /** Number of the oldest message that is not acknowledged. */
  #base = 0;
  #next = 0;
  #unacknowledged = 0;
  /** One more than the highest number acknowledged. */
  #acknowledgedTo = 0;
  /** Monotonic, unlike every other time kept here. */
  #tickAt: number | undefined;
  readonly #resendsMax: number;
  /** Monotonic time at which we went deaf; undefined while we hear. */
  #deafSince: number | undefined;
  /** All the time spent deaf before that, milliseconds, and the hearing time at which we last were. */
  #deafMs = 0;
  #deafAt = Number.NEGATIVE_INFINITY;
  /** When a message that was sent once was acknowledged last, and the latest sending of a resent one that was. */
  #freshAcknowledgedAt = Number.NEGATIVE_INFINITY;
  #resentAcknowledgedFrom = Number.NEGATIVE_INFINITY;
  /** While set, everything up to it is sent again by `nextReplay`, in order: the socket was replaced. */
  #replayFrom = 0;
  #replayTo = 0;
  resent = 0;

  /** `mostResends`: after so many of one message `tick` gives up; infinite for an end that never does. */
  constructor(mostResends: number) {
    this.#resendsMax = mostResends;
  }

  /** Nothing can be heard from now on, or everything again. */
  deaf(on: boolean, now: number): void {
    if (on) {
      this.#deafAt = this.#hearing(now);
      this.#deafSince ??= now;
    } else if (this.#deafSince !== undefined) {
      this.#deafMs += now - this.#deafSince;
      this.#deafSince = undefined;
    }
  }

  /** Hearing time: `now` without the time spent deaf. */
  #hearing(now: number): number {
    return (this.#deafSince ?? now) - this.#deafMs;
  }

  /** The number that the next stream message carries. */
  get nextSequence(): number {
    return this.#next;
  }

  /** True when another message can be kept. For the few messages that pacing does not hold back. */
  get hasSpace(): boolean {
    return this.#next - this.#base < unacknowledgedMessagesMax;
  }

  /** True when another message may be in flight: there is space, and the path takes it without a queue. */
  get hasRoom(): boolean {
    return this.hasSpace && this.#unacknowledged < this.pacing.messages;
  }

  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** Keeps a message of number `nextSequence`. Call before it is sent, so that no acknowledgement can come too early. */
  store(frame: Uint8Array, now: number): void {
    if (this.#next - this.#base === this.#ring.length) this.#widen();
    const place = this.#ring[this.#next & this.#mask];
    const sentAt = this.#hearing(now);
    if (place === undefined) this.#ring[this.#next & this.#mask] = { frame, sentAt, resends: 0 };
    else {
      place.frame = frame;
      place.sentAt = sentAt;
      place.resends = 0;
    }
    this.#next += 1;
    this.#unacknowledged += 1;
    this.pacing.sent(this.#unacknowledged);
    this.#tickAt ??= now + resendTickMs;
  }

  /** Twice the places, with what is in flight at those that its numbers have there. */
  #widen(): void {
    const wider = new Array<InFlight | undefined>(this.#ring.length * 2);
    const mask = wider.length - 1;
    for (let at = this.#base; at < this.#next; at += 1) wider[at & mask] = this.#ring[at & this.#mask];
    this.#ring = wider;
    this.#mask = mask;
  }

  /** Takes an acknowledgement. False when that number is not in flight (repeated, or never sent). */
  acknowledge(sequence: number, now: number): boolean {
    if (sequence < this.#base || sequence >= this.#next) return false;
    const message = this.#ring[sequence & this.#mask];
    if (message?.frame === undefined) return false;
    const heardAt = this.#hearing(now);
    const roundTripMs = heardAt - message.sentAt;
    // One that was under way while we were deaf says nothing of the path.
    const telling = message.sentAt > this.#deafAt;
    if (telling) this.rtt.sample(roundTripMs);
    message.frame = undefined;
    this.#unacknowledged -= 1;
    if (message.resends === 0) {
      this.#freshAcknowledgedAt = heardAt;
      if (telling) this.pacing.acknowledged(sequence, roundTripMs, now, this.#next);
    } else if (message.sentAt > this.#resentAcknowledgedFrom) this.#resentAcknowledgedFrom = message.sentAt;
    if (sequence >= this.#acknowledgedTo) this.#acknowledgedTo = sequence + 1;
    while (this.#base < this.#next && this.#ring[this.#base & this.#mask]?.frame === undefined)
      this.#base += 1;
    if (this.#unacknowledged === 0) this.#tickAt = undefined;
    return true;
  }

  /** When `tick` wants to be called, or undefined when nothing is in flight. */
  get tickAt(): number | undefined {
    return this.#tickAt;
  }

  /** Sends overdue messages again through `send`. False when one was sent too often: give the session up. */
  tick(now: number, send: (frame: Uint8Array) => void): boolean {
    if (this.#tickAt === undefined || now < this.#tickAt) return true;
    this.#tickAt = now + resendTickMs;
    if (this.#deafSince !== undefined) return true;
    const rto = this.rtt.rtoMs;
    const heardAt = this.#hearing(now);
    const lostBefore =
      heardAt - this.#freshAcknowledgedAt > rto ? this.#resentAcknowledgedFrom : Number.NEGATIVE_INFINITY;
    const most = Math.max(resendsPerTickMax, this.pacing.messages);
    let sent = 0;
    for (let sequence = this.#base; sequence < this.#next && sent < most; sequence += 1) {
      const message = this.#ring[sequence & this.#mask];
      if (message?.frame === undefined || heardAt - message.sentAt <= rto) continue;
      // Beyond the head only gaps: messages older than one that was acknowledged.
      if (sequence !== this.#base && sequence >= this.#acknowledgedTo && message.sentAt >= lostBefore)
        continue;
      if (message.resends >= this.#resendsMax) return false;
      this.#sendAgain(message, message.frame, now, send);
      sent += 1;
    }
    return true;
  }

  /** Postpones resending, while the peer asked for a pause or no socket is there. */
  postpone(now: number): void {
    if (this.#tickAt !== undefined) this.#tickAt = now + resendTickMs;
  }

  /** The socket was replaced: whatever is in flight is probably lost, so `replay` sends all of it again, in order. */
  startReplay(): void {
    this.pacing.restart(this.#next);
    this.#replayFrom = this.#base;
    this.#replayTo = this.#next;
  }

  get replaying(): boolean {
    return Math.max(this.#replayFrom, this.#base) < this.#replayTo;
  }

  /** Sends the next message of a replay; false when the replay is over. */
  replay(now: number, send: (frame: Uint8Array) => void): boolean {
    for (let at = Math.max(this.#replayFrom, this.#base); at < this.#replayTo; at += 1) {
      const message = this.#ring[at & this.#mask];
      if (message?.frame === undefined) continue;
      this.#replayFrom = at + 1;
      this.#sendAgain(message, message.frame, now, send);
      return true;
    }
    this.#replayFrom = this.#replayTo;
    return false;
  }

  #sendAgain(message: InFlight, frame: Uint8Array, now: number, send: (frame: Uint8Array) => void): void {
    message.sentAt = this.#hearing(now);
    message.resends += 1;
    this.resent += 1;
    send(frame);
  }
}
