import { tcpFlags } from '../packet/packet-view.ts';
import { ahead, plus } from './sequence.ts';
import { SendQueue } from './send-queue.ts';
import type { SynOptions } from './syn-options.ts';

/** Our windows are told in units of 128 bytes. */
export const ownScale = 7;
/** Segments are no shorter than this, whatever a program says. */
const payloadLeast = 536;
/** Above this whoever writes should wait, below the half of it he may go on. */
const queuedMax = 1 << 20;
/** Milliseconds after which something unacknowledged is sent again; doubled each time. Nothing is lost here but by full queues. */
const againFirst = 200;
const againLast = 15_000;
const againTimes = 12;
const duplicatesMax = 3;
/** An acknowledgement of something further back than this is none of a kernel that is really there: more was never on the way at once. */
const behindMost = 2 * queuedMax;
/** A payload that is a word of a conversation: its answer may acknowledge it. */
const wordBytes = 1_024;

/** One segment that arrived, its payload being `bytes.subarray(from, to)`. */
export interface Segment {
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledged: number;
  /** As it stands in the header. */
  readonly window: number;
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** What an endpoint sends. The payload is to be copied out of the queue. */
export interface Outgoing {
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledged: number;
  readonly window: number;
  readonly queue: SendQueue;
  readonly offset: number;
  readonly length: number;
}

export interface EndpointSettings {
  readonly options: SynOptions;
  /** Sequence number of the program's SYN, its window, and our own first sequence number. */
  readonly synSequence: number;
  readonly synWindow: number;
  readonly ownSequence: number;
  /** Greatest payload of one packet of the device. */
  readonly payloadMax: number;
  /** Bytes that the program may send before it hears of us again; what it was told already holds. */
  readonly window: () => number;
  readonly send: (segment: Outgoing) => void;
  /**
   * Something that fills no segment was left behind for what may follow it: {@link TcpEndpoint.flush} sends it. `bulk`: full segments went before it, so that nobody
   * waits for it alone.
   */
  readonly later: (bulk: boolean) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Payload in order; it is lent for the time of the call. */
  readonly data: (payload: Uint8Array) => void;
  /** The program says no more. */
  readonly end: () => void;
  /** Whoever was asked to wait may write again. */
  readonly drain: () => void;
  /** Something waits, and nothing is in flight that will have it looked at: {@link TcpEndpoint.look} has to be called from now on. */
  readonly stalled: () => void;
  /** Nothing more comes or goes: in order, or by a reset of the program or for want of answers. */
  readonly over: (how: 'closed' | 'reset') => void;
  /** A written piece is not needed any more. */
  readonly release: (piece: Uint8Array) => void;
}

/**
 * The far side of one connection of a program, as far as that program's kernel sees it (RFC 9293, passive open). Made for a hop without a wire: what
 * comes out of order is dropped and asked for again, what is lost is sent again from there, and nothing guards against congestion.
 */
export class TcpEndpoint {
  readonly #settings: EndpointSettings;
  readonly #queue: SendQueue;
  readonly #mss: number;
  readonly #scale: number;
  /** First number not acknowledged, next to be sent, and how much from the first the program takes. */
  #unacknowledged: number;
  #next: number;
  /** The furthest that was ever sent: what is sent again begins before it. */
  #highest: number;
  #window: number;
  /** Next number expected, and how far the program was told that it may go. */
  #expected: number;
  #edge: number;
  #open = false;
  #paused = false;
  #ending = false;
  #endSent = false;
  #endTaken = false;
  #heardEnd = false;
  #over = false;
  #wanting = false;
  #duplicates = 0;
  /** Up to where something was sent twice: acknowledgements that repeat themselves before it may be answers to the second of two. */
  #twice: number;
  #tries = 0;
  /** Looks since the program's kernel said anything. */
  #silences = 0;
  #progressAt: number;
  #ackDue: 'no' | 'soon' | 'now' = 'no';
  /** A segment that is not full was left behind, and {@link flush} is to come. */
  #flushDue = false;

  constructor(settings: EndpointSettings) {
    const { options, synSequence, synWindow, ownSequence, payloadMax } = settings;
    this.#settings = settings;
    this.#queue = new SendQueue(settings.release);
    this.#mss = Math.min(Math.max(options.mss, payloadLeast), payloadMax);
    this.#scale = options.scale ?? 0;
    this.#unacknowledged = ownSequence;
    this.#twice = ownSequence;
    this.#highest = this.#next = plus(ownSequence, 1);
    this.#window = synWindow;
    this.#expected = plus(synSequence, 1);
    this.#edge = plus(this.#expected, this.#ownWindow());
    this.#progressAt = settings.now();
    this.#sendSyn();
  }

  /** Whether an acknowledgement waits for something to go along with; see {@link acknowledge}. */
  get owes(): boolean {
    return this.#ackDue !== 'no';
  }

  /** Whether {@link look} has something to look for. */
  get waits(): boolean {
    return !this.#over && (this.#next !== this.#unacknowledged || this.#queue.bytes > 0);
  }

  /** Bytes that wait or were not acknowledged. */
  get queued(): number {
    return this.#queue.bytes;
  }

  /** Takes what arrived. */
  take(segment: Segment): void {
    if (this.#over) return;
    const { flags, sequence } = segment;
    const length = segment.to - segment.from;
    if ((flags & tcpFlags.syn) !== 0) return this.#again(segment);
    this.#silences = 0;
    // A reset that stands elsewhere is asked about (RFC 5961, 3.2): one that is meant comes again where it should.
    if (!this.#fits(sequence, length + (flags & tcpFlags.fin))) return void (this.#ackDue = 'now');
    if ((flags & tcpFlags.rst) !== 0) {
      if (sequence === this.#expected) return this.#finish('reset');
      return void (this.#ackDue = 'now');
    }
    if ((flags & tcpFlags.ack) === 0 || !this.#takeAcknowledgement(segment, length)) return;
    this.#takePayload(segment, length);
    if (this.#over) return;
    this.#push(this.#flushDue);
    this.#drainIfEmptied();
  }

  /** A SYN of this connection that came once more asks for our answer once more; any other is none of it. */
  #again({ sequence }: Segment): void {
    if (!this.#open && plus(sequence, 1) === this.#expected) this.#sendSyn();
    else this.#ackDue = 'now';
  }

  /** Whether the segment touches the window (RFC 9293, 3.10.7.4): something new, or an acknowledgement where the next byte stands. */
  #fits(sequence: number, length: number): boolean {
    const first = ahead(sequence, this.#expected);
    return length === 0 ? first === 0 : first <= 0 && first + length > 0;
  }

  /** False when the segment says nothing that holds (RFC 9293, 3.10.7.4; RFC 5961, 5). */
  #takeAcknowledgement({ acknowledged, window, flags }: Segment, length: number): boolean {
    const gained = ahead(acknowledged, this.#unacknowledged);
    if (gained < (this.#open ? -behindMost : 1) || ahead(acknowledged, this.#highest) > 0) {
      this.#ackDue = 'now';
      return false;
    }
    if (gained < 0) return true;
    const told = window << this.#scale;
    const repeats = gained === 0 && length === 0 && told === this.#window && !(flags & tcpFlags.fin);
    const opens = told > 0 && this.#window === 0;
    // Before anything is written because of it: what the window was counted from another byte.
    this.#window = told;
    if (gained > 0) this.#gain(gained, acknowledged);
    else if (repeats && this.#next !== acknowledged) this.#duplicate();
    // What went into a closed window was not taken.
    if (opens && !this.#over) {
      this.#tries = 0;
      this.#rewind();
    }
    return !this.#over;
  }

  #gain(gained: number, acknowledged: number): void {
    let bytes = gained;
    if (!this.#open) {
      this.#open = true;
      bytes -= 1;
    }
    this.#unacknowledged = acknowledged;
    if (ahead(acknowledged, this.#next) > 0) this.#next = acknowledged;
    this.#duplicates = 0;
    this.#tries = 0;
    this.#progressAt = this.#settings.now();
    if (this.#ending && bytes > this.#queue.bytes) this.#endSent = this.#endTaken = true;
    this.#queue.drop(Math.min(bytes, this.#queue.bytes));
    if (this.#endTaken && this.#heardEnd) this.#finish('closed');
  }

  #drainIfEmptied(): void {
    if (!this.#wanting || this.#queue.weight >= this.#queuedMost() / 2) return;
    this.#wanting = false;
    this.#settings.drain();
  }

  /** Less where the program may send less ahead as well: where many connections share the memory. */
  #queuedMost(): number {
    return Math.min(queuedMax, this.#settings.window());
  }

  /** The program's kernel has seen a hole: everything from there is sent again. */
  #duplicate(): void {
    if (ahead(this.#unacknowledged, this.#twice) <= 0) return;
    this.#duplicates += 1;
    if (this.#duplicates !== duplicatesMax) return;
    this.#goBack();
  }

  #takePayload({ bytes, from, to, sequence, flags }: Segment, length: number): void {
    const known = -ahead(sequence, this.#expected);
    const room = ahead(this.#edge, this.#expected);
    const count = Math.min(length - known, room);
    if (this.#heardEnd) {
      if (length > 0 || (flags & tcpFlags.fin) !== 0) this.#ackDue = 'now';
      return;
    }
    if (count > 0) {
      this.#expected = plus(this.#expected, count);
      const word = length <= wordBytes && this.#ackDue === 'no';
      this.#ackDue = word ? 'soon' : 'now';
      this.#settings.data(bytes.subarray(from + known, from + known + count));
      if (this.#over) return;
    } else if (length > 0) this.#ackDue = 'now';
    if ((flags & tcpFlags.fin) === 0 || known + count < length || from > to) return;
    this.#expected = plus(this.#expected, 1);
    this.#edge = plus(this.#edge, 1);
    this.#heardEnd = true;
    this.#ackDue = 'now';
    this.#settings.end();
    if (!this.#over && this.#endTaken) this.#finish('closed');
  }

  /** Says something to the program. False when whoever says more should wait for `drain`. */
  write(piece: Uint8Array): boolean {
    if (this.#over || this.#ending) {
      this.#settings.release(piece);
      return true;
    }
    if (this.#queue.bytes === 0) this.#progressAt = this.#settings.now();
    this.#queue.push(piece);
    this.#push(true);
    this.#wanting = this.#queue.weight >= this.#queuedMost();
    return !this.#wanting;
  }

  /** Sends what was left behind. */
  flush(): void {
    this.#flushDue = false;
    if (!this.#over) this.#push();
  }

  /** Says no more. */
  finish(): void {
    if (this.#over || this.#ending) return;
    this.#ending = true;
    this.#push();
  }

  /** Breaks off. */
  reset(): void {
    if (this.#over) return;
    // A kernel takes it where it expects the next byte and nowhere else (RFC 5961, 3.2), and what was sent may have been taken, or not, or not yet.
    const [furthest, next, first] = [this.#highest, this.#next, this.#unacknowledged];
    const stands = this.#open ? new Set([furthest, next, first]) : [furthest];
    for (const stand of stands) this.#send(tcpFlags.rst | tcpFlags.ack, stand, 0, 0);
    this.#finish('reset');
  }

  /** Lets the program send no further than it was told that it may. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    // With less than a segment left, a program may send nothing at all before it is told of more.
    const left = ahead(this.#edge, this.#expected);
    const more = this.#ownWindow() - left;
    if (!this.#over && (more >= this.#mss || (more > 0 && left < this.#settings.payloadMax)))
      this.#ackDue = 'now';
  }

  /** Sends the acknowledgement that is due. `patient`: one that may go along with an answer is kept. */
  acknowledge(patient = false): void {
    if (this.#over || this.#ackDue === 'no' || (patient && this.#ackDue === 'soon')) return;
    this.#send(tcpFlags.ack, this.#standing(), 0, 0);
  }

  /** Where a segment without payload stands: behind all that was sent, but never beyond the window, where its kernel would not listen to it. */
  #standing(): number {
    const edge = plus(this.#unacknowledged, this.#window);
    return ahead(this.#highest, edge) > 0 ? edge : this.#highest;
  }

  /** Sends again what was not acknowledged for too long, and asks whether a window that was closed is open. */
  look(): void {
    if (!this.waits) return;
    const after = Math.min(againLast, againFirst * 2 ** this.#tries);
    if (this.#settings.now() - this.#progressAt < after) return;
    this.#tries += 1;
    this.#silences += 1;
    // A program that reads nothing has a kernel that answers all the same.
    if (this.#silences > againTimes) return this.reset();
    this.#progressAt = this.#settings.now();
    if (!this.#open) this.#sendSyn();
    else this.#goBack();
  }

  #goBack(): void {
    if (!this.#open) return;
    this.#twice = this.#highest;
    this.#rewind();
    this.#push(false, true);
  }

  #rewind(): void {
    this.#next = this.#unacknowledged;
    this.#endSent = this.#endTaken;
  }

  /** Sends what the window allows; `more`: what follows may fill the last segment; `probes`: asks a closed window whether it is open. */
  #push(more = false, probes = false): void {
    if (!this.#open) return;
    let full = false;
    let sent = ahead(this.#next, this.#unacknowledged);
    while (!this.#endSent) {
      const waits = this.#queue.bytes - sent;
      const length = Math.min(this.#mss, waits, Math.max(this.#window - sent, 0));
      const last = length === waits;
      const ends = this.#ending && last;
      if (length <= 0 && !ends) {
        if (waits > 0 && sent === 0) this.#stall(probes);
        return;
      }
      if (more && last && !ends && length < this.#mss) return this.#leave(full);
      full ||= length === this.#mss;
      const flags = tcpFlags.ack | (last ? tcpFlags.psh : 0) | (ends ? tcpFlags.fin : 0);
      this.#send(flags, this.#next, sent, length);
      sent += length;
      this.#next = plus(this.#next, length + (ends ? 1 : 0));
      this.#reach(this.#next);
      this.#endSent = ends;
    }
  }

  #leave(bulk: boolean): void {
    if (this.#flushDue) return;
    this.#flushDue = true;
    this.#settings.later(bulk);
  }

  /** The window is closed, and nothing is in flight whose acknowledgement would open it: that may be lost. A byte asks, and counts as sent when it is taken. */
  #stall(probes: boolean): void {
    if (!probes) return this.#settings.stalled();
    this.#send(tcpFlags.ack, this.#next, 0, 1);
    this.#reach(plus(this.#next, 1));
  }

  #reach(sequence: number): void {
    if (ahead(sequence, this.#highest) > 0) this.#highest = sequence;
  }

  #sendSyn(): void {
    this.#send(tcpFlags.syn | tcpFlags.ack, this.#unacknowledged, 0, 0);
  }

  #send(flags: number, sequence: number, offset: number, length: number): void {
    const syn = (flags & tcpFlags.syn) !== 0;
    if (!syn) this.#moveEdge();
    const told = ahead(this.#edge, this.#expected);
    this.#ackDue = 'no';
    this.#settings.send({
      ...{ flags, sequence, acknowledged: this.#expected, queue: this.#queue, offset, length },
      window: Math.min(
        0xffff,
        syn ? told : told >>> (this.#settings.options.scale === undefined ? 0 : ownScale),
      ),
    });
  }

  /** The window never shrinks: what was told holds. */
  #moveEdge(): void {
    if (this.#paused) return;
    const edge = plus(this.#expected, this.#ownWindow());
    if (ahead(edge, this.#edge) > 0) this.#edge = edge;
  }

  #ownWindow(): number {
    const window = Math.floor(this.#settings.window());
    return this.#settings.options.scale === undefined ? Math.min(0xffff, window) : window;
  }

  #finish(how: 'closed' | 'reset'): void {
    // The last thing the program said is acknowledged before it is forgotten.
    if (how === 'closed') this.acknowledge();
    this.#over = true;
    this.#ackDue = 'no';
    this.#queue.clear();
    this.#settings.over(how);
  }
}
