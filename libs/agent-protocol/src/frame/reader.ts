import { giveBack, isLent } from '@sallyport/effects/memory';
import { frameBodyBytesMax, handshakeBodyBytesMax, heldTimesMax } from '../limits.ts';
import { violation } from '../violation.ts';
import { readUint24, readUint32, readUint48 } from './bodies.ts';
import { frameHeaderBytes, frameTypes, offsetBytes } from './frame-type.ts';

export interface FrameReceiver {
  /** A whole frame. The body is a view, or memory of its own when the frame came in pieces. */
  frame(type: number, id: number, body: Uint8Array): void;
  /** A part of a DATA frame, as it came; nothing is kept for the rest. Where the bytes were lent, they are the receiver's to give back. */
  data(id: number, offset: number, bytes: Uint8Array): void;
}

const nothing = new Uint8Array();

/** Cuts a carrier's bytes into frames. Holds at most one frame that is no DATA. Throws AGENT_PROTOCOL_VIOLATED for lengths that no peer sends. */
export class FrameReader {
  readonly #receiver: FrameReceiver;
  /** Longest body taken now: short before the peer is known. */
  #bodyBytesMax = handshakeBodyBytesMax;
  /** Header, or header and offset of DATA, as far as it has come. */
  readonly #head = new Uint8Array(frameHeaderBytes + offsetBytes);
  #headBytes = 0;
  #type = 0;
  #id = 0;
  #left = 0;
  #offset = 0;
  /** A body that came in pieces. */
  #body: Uint8Array | undefined;
  #bodyBytes = 0;
  #stopped = false;
  #admitted = false;
  #read = 0;
  /** Bytes of the present push that went on as data. */
  #data = 0;
  /** Whether they lie in memory that is used again: what is no data is copied then. */
  #lent = false;

  constructor(receiver: FrameReceiver) {
    this.#receiver = receiver;
  }

  /** The peer is known: frames of every size may come. */
  admit(): void {
    this.#bodyBytesMax = frameBodyBytesMax;
    this.#admitted = true;
  }

  /** Nothing more is told, not even of bytes being read now. */
  stop(): void {
    this.#stopped = true;
    this.#body = undefined;
  }

  /** Bytes read since the peer was admitted and since this was asked last. */
  takeRead(): number {
    const read = this.#read;
    this.#read = 0;
    return read;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    this.#data = 0;
    this.#lent = isLent(bytes);
    while (at < bytes.length && !this.#stopped) {
      // The frame that admits is itself not counted.
      const counted = this.#admitted;
      const from = at;
      if (this.#left === 0 && this.#headBytes === 0 && !this.#body) at = this.#pushDataHead(bytes, at);
      if (this.#inData) at = this.#pushData(bytes, at);
      else if (this.#body) at = this.#pushBody(bytes, at, this.#body);
      else at = this.#pushHead(bytes, at);
      if (counted) this.#read += at - from;
    }
    if (this.#lent && at === bytes.length) giveBack(bytes, bytes.length - this.#data);
  }

  get #inData(): boolean {
    return this.#type === frameTypes.data && this.#left > 0 && this.#headBytes === 0;
  }

  /** Reads header and offset of DATA where both are at hand, which is the usual case; else nothing, which {@link #pushHead} is for. */
  #pushDataHead(bytes: Uint8Array, at: number): number {
    const after = at + frameHeaderBytes + offsetBytes;
    if (after >= bytes.length || bytes[at] !== frameTypes.data || !this.#admitted) return at;
    const length = readUint24(bytes, at + 1);
    if (length <= offsetBytes || length > this.#bodyBytesMax) return at;
    this.#type = frameTypes.data;
    this.#left = length - offsetBytes;
    this.#id = readUint32(bytes, at + 4);
    this.#offset = readUint48(bytes, at + frameHeaderBytes);
    return after;
  }

  #pushHead(bytes: Uint8Array, from: number): number {
    let at = from;
    const wanted = this.#headBytes >= frameHeaderBytes ? frameHeaderBytes + offsetBytes : frameHeaderBytes;
    while (this.#headBytes < wanted && at < bytes.length) this.#head[this.#headBytes++] = bytes[at++]!;
    if (this.#headBytes < wanted) return at;
    if (wanted > frameHeaderBytes) {
      this.#offset = readUint48(this.#head, frameHeaderBytes);
      this.#headBytes = 0;
      if (this.#left === 0) throw violation('data is never empty');
      return at;
    }
    this.#type = this.#head[0]!;
    this.#left = readUint24(this.#head, 1);
    this.#id = readUint32(this.#head, 4);
    if (this.#left > this.#bodyBytesMax) throw violation('a frame is too long');
    if (this.#type === frameTypes.data) {
      if (!this.#admitted) throw violation('data before the handshake');
      if (this.#left < offsetBytes) throw violation('data without an offset');
      this.#left -= offsetBytes;
      return at;
    }
    this.#headBytes = 0;
    if (bytes.length - at < this.#left) {
      this.#body = new Uint8Array(this.#left);
      this.#bodyBytes = 0;
      return at;
    }
    const body = this.#left === 0 ? nothing : this.#own(bytes.subarray(at, at + this.#left));
    at += this.#left;
    this.#left = 0;
    this.#receiver.frame(this.#type, this.#id, body);
    return at;
  }

  #pushData(bytes: Uint8Array, at: number): number {
    const part = bytes.subarray(at, Math.min(bytes.length, at + this.#left));
    const offset = this.#offset;
    this.#offset += part.length;
    this.#left -= part.length;
    this.#data += part.length;
    this.#receiver.data(this.#id, offset, part);
    return at + part.length;
  }

  /** The receiver may keep a body: it must not keep much more memory than it is, nor memory that is used again. */
  #own(body: Uint8Array): Uint8Array {
    return this.#lent || body.length * heldTimesMax < body.buffer.byteLength ? new Uint8Array(body) : body;
  }

  #pushBody(bytes: Uint8Array, at: number, body: Uint8Array): number {
    const part = bytes.subarray(at, Math.min(bytes.length, at + body.length - this.#bodyBytes));
    body.set(part, this.#bodyBytes);
    this.#bodyBytes += part.length;
    if (this.#bodyBytes === body.length) {
      this.#body = undefined;
      this.#left = 0;
      this.#receiver.frame(this.#type, this.#id, body);
    }
    return at + part.length;
  }
}
