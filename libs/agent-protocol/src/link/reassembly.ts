import { giveBack } from '@sallyport/effects/memory';
import { earlyPiecesMax } from '../limits.ts';
import { violation } from '../violation.ts';

interface Early {
  offset: number;
  bytes: Uint8Array;
}

/** A view that keeps more than this many times its own length in memory is copied when it must wait. */
const heldTimesMax = 4;

/** Puts the pieces of a stream back in order. Holds no byte twice, so what it holds is bounded by the window of the stream. */
export class Reassembly {
  /** Bytes handed out, which is also the next offset. */
  delivered = 0;
  /** In order, apart from each other. */
  readonly #early: Early[] = [];

  get waiting(): number {
    return this.#early.length;
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
      const { offset, bytes } = early[gone++]!;
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
        this.#early.splice(at, 0, { offset, bytes: frugal(bytes.subarray(offset - from, until - from)) });
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
}

function frugal(bytes: Uint8Array): Uint8Array {
  if (bytes.length * heldTimesMax >= bytes.buffer.byteLength) return bytes;
  const copy = new Uint8Array(bytes);
  giveBack(bytes);
  return copy;
}
