import { tcpFlags } from '../packet/packet-view.ts';
import { ahead, plus } from '../tcp/sequence.ts';

/** One segment between an endpoint and the kernel of a program. */
export interface WireSegment {
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledged: number;
  readonly window: number;
  readonly payload: Uint8Array;
}

export interface KernelPeerSettings {
  /** All that the program says, and the first sequence number. */
  readonly say: Uint8Array;
  readonly first: number;
  readonly mss: number;
  readonly scale: number;
  /** By how much what the endpoint tells is shifted. */
  readonly farScale: number;
  readonly receiveBuffer: number;
  readonly out: (segment: WireSegment) => void;
  readonly now: () => number;
  /** Whether it waits with an acknowledgement for something to go along with. */
  readonly patient: () => boolean;
}

const { fin, syn, rst, psh, ack } = tcpFlags;
const nothing = new Uint8Array();
const againFirst = 200;
const patienceMs = 40;
/** Linux answers what is beside the window no sooner than this after it did. */
const besideMs = 500;

/**
 * The TCP of a program's kernel as strict as Linux is: what stands beside its window is not listened to, neither are resets that stand elsewhere; what comes too
 * early is kept; windows are told with the guard against silly ones, delayed acknowledgements, retransmission, probes. Written apart from the endpoint.
 */
export class KernelPeer {
  readonly heard: Uint8Array[] = [];
  /** What the endpoint did and no TCP may. */
  readonly wrong: string[] = [];
  state: 'dialling' | 'open' | 'closed' | 'reset' = 'dialling';
  farEnded = false;
  readonly #given: KernelPeerSettings;
  readonly #early = new Map<number, WireSegment>();
  /** Says no more once all is said. */
  #closing = false;
  #una: number;
  #nxt: number;
  #sndWindow = 0;
  #sndWindowMost = 0;
  #expected = 0;
  /** What was expected when a window was told last, and that window. */
  #toldAt = 0;
  #told: number;
  /** Bytes that the program has not read. */
  unread = 0;
  #biggest = 536;
  #duplicates = 0;
  #againAt = Infinity;
  #tries = 0;
  #ackAt = Infinity;
  #besideAt = -Infinity;
  #farAcknowledged: number;
  #farEdge: number;

  constructor(given: KernelPeerSettings) {
    this.#given = given;
    this.#una = this.#nxt = given.first;
    this.#told = Math.min(0xffff, given.receiveBuffer);
    this.#farAcknowledged = this.#farEdge = plus(given.first, 1);
    this.dial();
  }

  dial(): void {
    const { first, out, now } = this.#given;
    this.#nxt = plus(first, 1);
    this.#againAt = now() + 1_000;
    out({ flags: syn, sequence: first, acknowledged: 0, window: this.#told, payload: nothing });
  }

  /** The program closes its writing side. */
  close(): void {
    this.#closing = true;
    this.#push();
  }

  get saidAll(): boolean {
    return this.#position(this.#una) >= this.#given.say.length;
  }
  get finTaken(): boolean {
    return this.#position(this.#una) > this.#given.say.length;
  }
  get done(): boolean {
    return (
      this.state === 'reset' ||
      this.state === 'closed' ||
      (this.farEnded && this.finTaken && this.unread === 0)
    );
  }

  #position(sequence: number): number {
    return ahead(sequence, plus(this.#given.first, 1));
  }

  /** The program reads. */
  read(bytes: number): void {
    this.unread -= Math.min(bytes, this.unread);
    if (this.state !== 'open') return;
    const left = this.#left();
    const window = this.#selectWindow();
    // Told unasked when it is worth it.
    if (window >= 2 * left && window > left) this.#acknowledge();
  }

  #left(): number {
    return Math.max(0, ahead(plus(this.#toldAt, this.#told), this.#expected));
  }

  #selectWindow(): number {
    const { receiveBuffer, scale } = this.#given;
    let early = 0;
    for (const { payload } of this.#early.values()) early += payload.length;
    const free = receiveBuffer - this.unread - early;
    const least = Math.min(this.#biggest, receiveBuffer >> 1);
    const unit = 1 << scale;
    let window = free < least || free < receiveBuffer >> 4 ? 0 : Math.min(free, 0xffff << scale);
    window = Math.ceil(window / unit) * unit;
    const left = this.#left();
    return Math.min(0xffff << scale, window < left ? Math.ceil(left / unit) * unit : window);
  }

  #send(flags: number, sequence: number, payload: Uint8Array): void {
    this.#told = this.#selectWindow();
    this.#toldAt = this.#expected;
    this.#ackAt = Infinity;
    const window = this.#told >>> this.#given.scale;
    this.#given.out({ flags: flags | ack, sequence, acknowledged: this.#expected, window, payload });
  }

  #acknowledge(): void {
    this.#send(0, this.#nxt, nothing);
  }

  #beside(hadData: boolean): void {
    const now = this.#given.now();
    if (!hadData && now - this.#besideAt < besideMs) return;
    this.#besideAt = now;
    this.#acknowledge();
  }

  hear(segment: WireSegment): void {
    const { flags, sequence, acknowledged, payload } = segment;
    if (this.state === 'reset') return;
    if (this.state === 'dialling') return this.#hearFirst(segment);
    const length = payload.length + (flags & fin);
    if ((flags & rst) !== 0) {
      if (sequence === this.#expected) this.state = 'reset';
      return;
    }
    if (this.state === 'closed') {
      return this.#given.out({
        flags: rst,
        sequence: acknowledged,
        acknowledged: 0,
        window: 0,
        payload: nothing,
      });
    }
    this.#judge(segment);
    const end = plus(sequence, length);
    const right = plus(this.#expected, this.#left());
    if (ahead(end, this.#toldAt) < 0 || ahead(sequence, right) > 0) return this.#beside(payload.length > 0);
    if ((flags & syn) !== 0) return this.#beside(false);
    if ((flags & ack) === 0 || ahead(acknowledged, this.#nxt) > 0) return;
    this.#hearAcknowledgement(segment);
    this.#take(segment);
    this.#push();
    this.#closeIfDone();
  }

  /** Not in time-wait where the far side ended first. */
  #closeIfDone(): void {
    if (this.finTaken && this.farEnded && this.#endedLast) this.state = 'closed';
  }
  #endedLast = false;

  #hearFirst({ flags, sequence, acknowledged, window }: WireSegment): void {
    const { first, out } = this.#given;
    if (acknowledged !== plus(first, 1)) {
      if ((flags & rst) === 0)
        out({ flags: rst, sequence: acknowledged, acknowledged: 0, window: 0, payload: nothing });
      return;
    }
    if ((flags & rst) !== 0) return void (this.state = 'reset');
    if ((flags & syn) === 0) return;
    this.state = 'open';
    this.#una = acknowledged;
    this.#expected = this.#toldAt = plus(sequence, 1);
    this.#sndWindow = this.#sndWindowMost = window;
    this.#farEdge = plus(acknowledged, window);
    this.#againAt = Infinity;
    this.#acknowledge();
    this.#push();
  }

  /** Whether the endpoint keeps the rules of the other side. */
  #judge({ flags, sequence, acknowledged, window, payload }: WireSegment): void {
    const beyond = ahead(plus(sequence, payload.length), plus(this.#toldAt, this.#told));
    if (payload.length > 1 && beyond > 0) this.wrong.push(`${beyond} bytes beyond the window`);
    if (payload.length > this.#given.mss) this.wrong.push(`a segment of ${payload.length} bytes`);
    if ((flags & syn) !== 0) return;
    if (ahead(acknowledged, this.#nxt) > 0) this.wrong.push('acknowledges what was never sent');
    if (ahead(acknowledged, this.#farAcknowledged) < 0) return;
    this.#farAcknowledged = acknowledged;
    const edge = plus(acknowledged, window << this.#given.farScale);
    const shrunk = ahead(this.#farEdge, edge);
    if (shrunk >= 1 << this.#given.farScale && this.ordered)
      this.wrong.push(`took ${shrunk} bytes of window back`);
    if (shrunk < 0) this.#farEdge = edge;
  }
  /** Nothing overtakes anything on the hop. */
  ordered = true;

  #hearAcknowledgement({ flags, acknowledged, window, payload }: WireSegment): void {
    const gained = ahead(acknowledged, this.#una);
    if (gained < 0) return;
    const told = window << this.#given.farScale;
    const repeats = gained === 0 && payload.length === 0 && told === this.#sndWindow && (flags & fin) === 0;
    this.#sndWindow = told;
    this.#sndWindowMost = Math.max(this.#sndWindowMost, told);
    if (gained > 0) {
      this.#una = acknowledged;
      this.#duplicates = this.#tries = 0;
      this.#againAt = this.#una === this.#nxt ? Infinity : this.#given.now() + againFirst;
    } else if (repeats && this.#una !== this.#nxt && ++this.#duplicates === 3) this.#sendAgain();
    if (told > 0 && this.#una === this.#nxt) this.#againAt = Infinity;
  }

  #take(segment: WireSegment): void {
    const { flags, sequence, payload } = segment;
    if (payload.length === 0 && (flags & fin) === 0) return;
    if (this.farEnded) return this.#acknowledge();
    const known = -ahead(sequence, this.#expected);
    if (known < 0) {
      this.#early.set(sequence, segment);
      return this.#acknowledge();
    }
    if (known === 0 && payload.length > 0 && this.#left() === 0) return this.#acknowledge();
    const again = known > 0;
    if (payload.length > known) {
      this.#biggest = Math.max(this.#biggest, payload.length);
      this.heard.push(payload.slice(known));
      this.unread += payload.length - known;
      this.#expected = plus(this.#expected, payload.length - known);
    }
    if ((flags & fin) !== 0 && known <= payload.length) {
      this.#expected = plus(this.#expected, 1);
      this.farEnded = true;
      this.#endedLast = !this.#finSent;
    }
    this.#takeEarly();
    if (again || this.farEnded || !this.#given.patient() || this.#ackAt < Infinity) this.#acknowledge();
    else this.#ackAt = this.#given.now() + patienceMs;
  }
  get #finSent(): boolean {
    return this.#position(this.#nxt) > this.#given.say.length;
  }

  #takeEarly(): void {
    for (const [at, early] of this.#early) {
      if (ahead(at, this.#expected) > 0) continue;
      this.#early.delete(at);
      if (ahead(plus(at, early.payload.length + (early.flags & fin)), this.#expected) > 0) this.#take(early);
      return this.#takeEarly();
    }
  }

  /** Sends what the window allows; full segments, or what is left. */
  #push(): void {
    if (this.state !== 'open') return;
    const { say, mss, now } = this.#given;
    const most = Math.min(mss, Math.max(536, this.#sndWindowMost >> 1));
    for (;;) {
      const at = this.#position(this.#nxt);
      const waits = say.length - at;
      const room = ahead(plus(this.#una, this.#sndWindow), this.#nxt);
      const length = Math.min(most, waits);
      const ends = this.#closing && waits === 0;
      if (waits < 0 || (length === 0 && !ends) || (length > room && length > 0)) break;
      this.#sendPart(this.#nxt, length);
      this.#nxt = plus(this.#nxt, ends ? 1 : length);
      if (this.#againAt === Infinity) this.#againAt = now() + againFirst;
      if (ends) break;
    }
    // The window is too small, and nothing is in flight that would open it.
    const waits = this.#position(this.#nxt) < say.length;
    if (waits && this.#una === this.#nxt && this.#againAt === Infinity) this.#againAt = now() + againFirst;
  }

  #sendPart(sequence: number, length: number): void {
    const at = this.#position(sequence);
    const { say } = this.#given;
    const ends = at >= say.length;
    this.#send(ends ? fin : psh, sequence, say.subarray(at, at + length));
  }

  #sendAgain(): void {
    const { mss, say } = this.#given;
    const at = this.#position(this.#una);
    const sent = ahead(this.#nxt, this.#una);
    if (at >= say.length) this.#sendPart(this.#una, 0);
    else this.#sendPart(this.#una, Math.min(mss, sent, say.length - at));
  }

  /** Its timers. */
  tick(): void {
    const now = this.#given.now();
    if (now >= this.#ackAt && this.state === 'open') this.#acknowledge();
    if (now < this.#againAt || this.state === 'reset' || this.state === 'closed') return;
    this.#tries += 1;
    this.#againAt = now + againFirst * 2 ** Math.min(this.#tries, 6);
    if (this.state === 'dialling') return this.#given.out({ ...this.#syn() });
    if (this.#una !== this.#nxt) return this.#sendAgain();
    const room = Math.min(this.#sndWindow, this.#given.say.length - this.#position(this.#nxt));
    if (room > 0) {
      this.#sendPart(this.#nxt, Math.min(room, this.#given.mss));
      this.#nxt = plus(this.#nxt, Math.min(room, this.#given.mss));
    } else this.#send(0, plus(this.#una, -1), nothing);
  }

  #syn(): WireSegment {
    return { flags: syn, sequence: this.#given.first, acknowledged: 0, window: this.#told, payload: nothing };
  }
}
