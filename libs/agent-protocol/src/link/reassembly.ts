import { giveBack } from '@sallyport/effects/memory';
import { earlyPiecesMax, heldTimesMax, pieceOverheadBytes } from '../limits.ts';
import { violation } from '../violation.ts';

interface Early {
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** Whether it takes one of the places for pieces that keep more than they are. */
  readonly wide: boolean;
}

/** Pieces shorter than this are copied in any case. */
const wideLeast = 4 * 1024;

/**
 * Places for pieces that keep more memory than they are, of all streams of a link together: frames that the reads of several carriers cut are the usual
 * case, and copying them costs more than the memory, as long as it is bounded (64 times 256 KiB).
 */
export class WidePlaces {
  left = 64;
}

/** Puts the pieces of a stream back in order. Holds no byte twice, so what it holds is bounded by the window of the stream. */
export class Reassembly {
  /** Bytes handed out, which is also the next offset. */
  delivered = 0;
  /** In order, apart from each other. */
  readonly #early: Early[] = [];
  #earlyBytes = 0;
  readonly #places: WidePlaces;

  constructor(places: WidePlaces = new WidePlaces()) {
    this.#places = places;
  }

  get waiting(): number {
    return this.#early.length;
  }
  /** Bytes that wait for earlier ones. */
  get waitingBytes(): number {
    return this.#early.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** What it keeps, in memory. */
  get heldBytes(): number {
    return this.#earlyBytes + this.#early.length * pieceOverheadBytes;
  }

  /** Takes a piece; hands out what is in order now. */
  take(offset: number, bytes: Uint8Array, deliver: (bytes: Uint8Array) => void): void {
    if (offset > this.delivered) return this.#keep(offset, bytes);
    const fresh = bytes.length - (this.delivered - offset);
    if (fresh <= 0) return;
    const piece = fresh === bytes.length ? bytes : bytes.subarray(bytes.length - fresh);
    this.delivered += piece.length;
    deliver(piece);
    this.#drain(deliver);
  }

  #drain(deliver: (bytes: Uint8Array) => void): void {
    const early = this.#early;
    let gone = 0;
    while (gone < early.length && early[gone]!.offset <= this.delivered) {
      const piece = early[gone++]!;
      this.#earlyBytes -= memoryOf(piece);
      const { offset, bytes, wide } = piece;
      if (wide) this.#places.left += 1;
      const fresh = bytes.length - (this.delivered - offset);
      if (fresh <= 0) continue;
      this.delivered += fresh;
      deliver(fresh === bytes.length ? bytes : bytes.subarray(bytes.length - fresh));
    }
    if (gone > 0) early.splice(0, gone);
  }

  /** Keeps those parts of a piece that are not kept already. */
  #keep(from: number, bytes: Uint8Array): void {
    const end = from + bytes.length;
    let at = this.#firstBehind(from);
    for (let offset = from; offset < end;) {
      const next = this.#early[at];
      const until = Math.min(end, next?.offset ?? end);
      if (until > offset) {
        if (this.#early.length >= earlyPiecesMax) throw violation('too many pieces are out of order');
        const piece = this.#kept(offset, bytes.subarray(offset - from, until - from));
        this.#early.splice(at, 0, piece);
        this.#earlyBytes += memoryOf(piece);
        at++;
      }
      if (!next || next.offset >= end) return;
      offset = next.offset + next.bytes.length;
      at++;
    }
  }

  /** Index of the first piece that ends behind an offset. */
  #firstBehind(offset: number): number {
    let low = 0;
    let high = this.#early.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const piece = this.#early[middle]!;
      if (piece.offset + piece.bytes.length <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** What waits must not keep much more memory than it is. */
  #kept(offset: number, bytes: Uint8Array): Early {
    if (bytes.length * heldTimesMax >= bytes.buffer.byteLength) return { offset, bytes, wide: false };
    if (bytes.length >= wideLeast && this.#places.left > 0) {
      this.#places.left -= 1;
      return { offset, bytes, wide: true };
    }
    const copy = new Uint8Array(bytes);
    giveBack(bytes);
    return { offset, bytes: copy, wide: false };
  }

  /** What waits is not waited for any more. */
  clear(): void {
    for (const { wide } of this.#early.splice(0)) if (wide) this.#places.left += 1;
    this.#earlyBytes = 0;
  }
}

/** What a piece keeps in memory. */
function memoryOf({ bytes, wide }: Early): number {
  return wide ? bytes.buffer.byteLength : bytes.length;
}
