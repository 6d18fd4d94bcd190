import { giveBack } from '@sallyport/effects/memory';
import { flowCodes, type FlowCode } from '../codes.ts';
import type { MuxStream, StreamEvents } from '../contract.ts';
import { uint48 } from '../frame/encode.ts';
import { frameTypes, offsetBytes } from '../frame/frame-type.ts';
import { pieceOverheadBytes, waitingBytesMax, windowBytesFirst, windowBytesMax } from '../limits.ts';
import { violation } from '../violation.ts';
import type { Carrier } from './carrier.ts';
import type { Piece } from './outgoing.ts';
import type { Packing } from './packing.ts';
import { Reassembly, type WidePlaces } from './reassembly.ts';

/** What a stream asks of its link. */
export interface StreamHost {
  now(): number;
  rttMs(): number;
  readonly places: WidePlaces;
  /** It has something to send. */
  wants(stream: LinkStream): void;
  /** As {@link wants}, for what nobody waits for: it goes after a moment, with its like. */
  wantsLater(stream: LinkStream): void;
  /** Its peer may send more and has to be told. */
  creditDue(stream: LinkStream): void;
  /** Whether the windows of all streams may grow by so many bytes, which are then taken. */
  grow(bytes: number): boolean;
  /** Both directions are over. */
  gone(stream: LinkStream): void;
  /** The agent's side alone: the destination accepted. */
  accepted(stream: LinkStream): void;
}

/** A stream that sends more than this without a pause is bulk, and is spread over all carriers. */
const bulkyBytes = 48 * 1024;
const pauseMs = 250;
/** Credit is given in such pieces, or an eighth of a great window: half of one would leave in one burst, and stand as a queue on the way. */
const creditBytes = 64 * 1024;

const nothing: readonly Uint8Array[] = [];

/** One TCP conversation at one end of a link: what waits to be sent, and what arrived. */
export class LinkStream implements MuxStream {
  readonly id: number;
  readonly packing: Packing;
  readonly #host: StreamHost;
  /** Undefined once it is over: what is in flight may hold the stream, and with it its owner's end, for as long as the peer confirms nothing. */
  events: StreamEvents | undefined;
  /** The client's side alone: told once, when the peer is known to have accepted. */
  opened: (() => void) | undefined;
  /** Until the peer is known to know the stream, all of it goes over its home carrier, in order. */
  known: boolean;
  home: Carrier | undefined;
  /** Whether it stands in a queue of the link. */
  queued = false;
  /** What it may send before it goes to the end of the line. */
  turn = 0;
  /** When it may be preferred again, by the clock of turns. */
  preferredFrom = 0;
  /** Its credit frame is to be sent. */
  creditQueued = false;
  /** Frames before all data, and pieces whose carrier was lost. */
  readonly #again: Piece[] = [];
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #offset = 0;
  #peerLimit = windowBytesFirst;
  #full = false;
  /** Sent since the latest pause. */
  #burst = 0;
  #burstAt = 0;
  #ending: 'no' | 'asked' | 'sent' = 'no';
  /** Whether the peer has said something since we did. */
  #answered = false;
  readonly #reassembly: Reassembly;
  #consumed = 0;
  #limit = windowBytesFirst;
  #window = windowBytesFirst;
  /** When the last half of the window had gone through. */
  #half: { readonly bytes: number; readonly at: number };
  #finalOffset: number | undefined;
  #ended = false;
  /** Nothing is written or told any more. */
  #over = false;
  /** What is in flight need not arrive. */
  #broken = false;

  constructor(id: number, host: StreamHost, packing: Packing, known: boolean) {
    this.id = id;
    this.#host = host;
    this.packing = packing;
    this.known = known;
    this.#reassembly = new Reassembly(host.places);
    this.#half = { bytes: 0, at: host.now() };
  }

  get sent(): number {
    return this.#offset + this.#waitingBytes;
  }
  get received(): number {
    return this.#reassembly.delivered;
  }
  get over(): boolean {
    return this.#over;
  }
  /** Bytes that its window has beyond what every stream has. */
  get windowBeyondFirst(): number {
    return this.#window - windowBytesFirst;
  }
  /** What it keeps: pieces that wait for earlier ones, with their bytes, and bytes that wait to be sent. For who judges bounds. */
  get kept(): { readonly early: number; readonly earlyBytes: number; readonly waitingBytes: number } {
    const { waiting, waitingBytes } = this.#reassembly;
    return { early: waiting, earlyBytes: waitingBytes, waitingBytes: this.#waitingBytes };
  }
  /** What it keeps in memory: what waits to be sent, and what came too early. What was handed out is its owner's. */
  get heldBytes(): number {
    const waiting = this.#waitingBytes + this.#waiting.length * pieceOverheadBytes;
    return waiting + this.againBytes + this.#reassembly.heldBytes;
  }
  /** Of that, what a lost carrier had in flight; a stream that is over may have to send it all the same. */
  get againBytes(): number {
    return this.#again.reduce((sum, { bodyBytes }) => sum + bodyBytes + pieceOverheadBytes, 0);
  }
  /** Up to where the peer may send. */
  get limit(): number {
    return this.#limit;
  }
  /** Has been sending more than small talk, without a pause. */
  get bulky(): boolean {
    return this.#burst > bulkyBytes || this.#waitingBytes > bulkyBytes;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#over || this.#ending !== 'no') return true;
    if (bytes.length > 0) {
      this.#waiting.push(bytes);
      this.#waitingBytes += bytes.length;
      this.#answered = false;
      this.#host.wants(this);
    }
    if (this.#waitingBytes < waitingBytesMax) return true;
    this.#full = true;
    return false;
  }

  end(): void {
    if (this.#over || this.#ending !== 'no') return;
    this.#ending = 'asked';
    // Nothing can be answered to the second of two ends; and who ends after the answer, and not after the question, has most likely closed.
    const nobodyWaits = (this.#ended || this.#answered) && this.#waitingBytes === 0;
    if (nobodyWaits) this.#host.wantsLater(this);
    else this.#host.wants(this);
  }

  reset(code: FlowCode = 'FLOW_RESET'): void {
    if (this.#over) return;
    this.#drop();
    this.#again.push(this.#piece(frameTypes.reset, Uint8Array.of(flowCodes[code])));
    this.#host.wants(this);
    this.#host.gone(this);
  }

  accept(): void {
    if (!this.#over) this.#host.accepted(this);
  }

  consumed(bytes: number): void {
    if (this.#over || this.#finalOffset !== undefined) return;
    this.#consumed = Math.min(this.#consumed + bytes, this.#reassembly.delivered);
    this.#growIfShort();
    const given = this.#consumed + this.#window - this.#limit;
    if (given < Math.max(this.#window >> 3, Math.min(this.#window >> 1, creditBytes))) return;
    this.#limit += given;
    this.#host.creditDue(this);
  }

  /** Half a window that goes through in about a round trip says that the window is what limits. */
  #growIfShort(): void {
    const { bytes, at } = this.#half;
    if (this.#consumed - bytes < this.#window >> 1) return;
    const now = this.#host.now();
    this.#half = { bytes: this.#consumed, at: now };
    if (now - at >= 2 * this.#host.rttMs() + 50 || this.#window >= windowBytesMax) return;
    const more = Math.min(this.#window, windowBytesMax - this.#window);
    if (this.#host.grow(more)) this.#window += more;
  }

  /** A frame of its own before everything else: the opening. */
  announce(type: typeof frameTypes.open, body: Uint8Array): void {
    this.#again.push(this.#piece(type, body));
    this.#host.wants(this);
  }

  /** A piece whose carrier was lost. */
  takeBack(piece: Piece): void {
    if (this.#broken && piece.type !== frameTypes.reset) return;
    // In order, the opening first: some may have been taken back before and not have gone out again yet.
    let at = this.#again.length;
    while (at > 0 && orderOf(this.#again[at - 1]!) > orderOf(piece)) at--;
    this.#again.splice(at, 0, piece);
    this.#host.wants(this);
  }

  /** Whether anything can be sent now. */
  get sendable(): boolean {
    if (this.#again.length > 0) return true;
    if (this.#over) return false;
    if (this.#waitingBytes > 0) return this.#offset < this.#peerLimit;
    return this.#ending === 'asked';
  }

  /** The next piece to send, of at most so many bytes; undefined when there is none. */
  next(bytesMax: number, packs: boolean): Piece | undefined {
    const again = this.#again.shift();
    if (again) return again;
    if (this.#over) return undefined;
    if (this.#waitingBytes > 0) return this.#nextData(bytesMax, packs);
    if (this.#ending !== 'asked') return undefined;
    this.#ending = 'sent';
    const fin = this.#piece(frameTypes.fin, uint48(this.#offset));
    this.#goneIfDone();
    return fin;
  }

  #nextData(bytesMax: number, packs: boolean): Piece | undefined {
    const most = Math.min(bytesMax, this.#peerLimit - this.#offset, this.#waitingBytes);
    if (most <= 0) return undefined;
    const { parts, bytes } = this.#takeWaiting(most);
    const offset = this.#offset;
    const now = this.#host.now();
    this.#burst = now - this.#burstAt > pauseMs ? bytes : this.#burst + bytes;
    this.#burstAt = now;
    this.#offset += bytes;
    this.#waitingBytes -= bytes;
    if (this.#full && this.#waitingBytes <= waitingBytesMax / 2) {
      this.#full = false;
      this.events?.writable();
    }
    const packed = packs ? this.packing.pack(parts, bytes) : undefined;
    if (packed) {
      for (const part of parts) giveBack(part);
      return {
        type: frameTypes.packed,
        stream: this,
        offset,
        plainBytes: bytes,
        parts: [packed],
        bodyBytes: offsetBytes + 3 + packed.length,
      };
    }
    return {
      type: frameTypes.data,
      stream: this,
      offset,
      plainBytes: bytes,
      parts,
      bodyBytes: offsetBytes + bytes,
    };
  }

  #takeWaiting(most: number): { parts: Uint8Array[]; bytes: number } {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    let used = 0;
    while (bytes < most) {
      const first = this.#waiting[used]!;
      if (first.length <= most - bytes) {
        parts.push(first);
        bytes += first.length;
        used++;
      } else if (bytes * 2 >= most) break;
      else {
        parts.push(first.subarray(0, most - bytes));
        this.#waiting[used] = first.subarray(most - bytes);
        bytes = most;
      }
    }
    this.#waiting.splice(0, used);
    return { parts, bytes };
  }

  /** The peer allows data up to an offset. */
  credited(limit: number): void {
    if (limit <= this.#peerLimit) return;
    this.#peerLimit = limit;
    if (this.#waitingBytes > 0) this.#host.wants(this);
  }

  /** Whether data up to an offset may have been sent by an honest peer. */
  checkOffset(end: number): void {
    if (end > this.#limit) throw violation('data beyond the credit');
    if (this.#finalOffset !== undefined && end > this.#finalOffset) throw violation('data behind the end');
  }

  arrived(offset: number, bytes: Uint8Array): void {
    if (this.#over) return;
    this.#answered = true;
    this.#reassembly.take(offset, bytes, (piece) => {
      if (!this.#over) this.events?.data(piece);
    });
    this.#endIfAll();
  }

  /** The peer's direction has so many bytes in all. */
  finished(finalOffset: number): void {
    if (this.#over) return;
    if (finalOffset < this.#reassembly.delivered || finalOffset > this.#limit)
      throw violation('an end that does not fit the data');
    if (this.#finalOffset !== undefined && this.#finalOffset !== finalOffset)
      throw violation('two different ends');
    this.#finalOffset = finalOffset;
    this.#endIfAll();
  }

  /** Broken by the peer, or with the link; nothing is sent for it any more. */
  broken(code: FlowCode): void {
    if (this.#over) return;
    const { events } = this;
    this.#drop();
    this.#host.gone(this);
    events?.reset(code);
  }

  #endIfAll(): void {
    if (this.#over || this.#ended || this.#finalOffset !== this.#reassembly.delivered) return;
    this.#ended = true;
    this.events?.end();
    this.#goneIfDone();
  }

  /** Both directions said all. What is in flight is still kept by the carriers. */
  #goneIfDone(): void {
    if (this.#over || !this.#ended || this.#ending !== 'sent') return;
    this.#over = true;
    this.events = undefined;
    this.#host.gone(this);
  }

  #drop(): void {
    this.#over = true;
    this.#broken = true;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#again.length = 0;
    this.events = undefined;
    this.#reassembly.clear();
  }

  #piece(type: Piece['type'], body: Uint8Array): Piece {
    return {
      type,
      stream: this,
      offset: 0,
      plainBytes: 0,
      parts: body.length > 0 ? [body] : nothing,
      bodyBytes: body.length,
    };
  }
}

function orderOf({ type, offset }: Piece): number {
  if (type === frameTypes.open) return -1;
  return type === frameTypes.data || type === frameTypes.packed ? offset : Number.POSITIVE_INFINITY;
}
