/** What one piece keeps beside its bytes, about. */
const pieceBytes = 128;
/** In place of pieces that are gone. */
const none = new Uint8Array();

/** Bytes on their way to one program: those that were sent and not acknowledged, then those that wait. Pieces are kept as they came. */
export class SendQueue {
  /** Bytes in all. */
  bytes = 0;
  readonly #pieces: Uint8Array[] = [];
  readonly #release: (piece: Uint8Array) => void;
  /** Pieces in front that are gone, and how much of the first that is left is gone. */
  #first = 0;
  #gone = 0;
  /** Where the last read ended: reading goes on there. */
  #cursor = { offset: 0, piece: 0, within: 0 };

  /** `release` is told of each piece that nobody needs any more. */
  constructor(release: (piece: Uint8Array) => void) {
    this.#release = release;
  }

  /** Bytes of memory in all: many small pieces are more than they hold. */
  get weight(): number {
    return this.bytes + (this.#pieces.length - this.#first) * pieceBytes;
  }

  push(piece: Uint8Array): void {
    if (piece.length === 0) return this.#release(piece);
    this.#pieces.push(piece);
    this.bytes += piece.length;
  }

  /** Copies `length` bytes, beginning `offset` behind the first, to `target`. They must be there. */
  copy(offset: number, length: number, target: Uint8Array, at: number): void {
    let to = at;
    this.each(offset, length, (bytes, from, count) => {
      target.set(from === 0 && count === bytes.length ? bytes : bytes.subarray(from, from + count), to);
      to += count;
    });
  }

  /** Tells the same bytes as parts of the pieces that they lie in, without copying them. */
  each(offset: number, length: number, part: (bytes: Uint8Array, from: number, count: number) => void): void {
    let { piece, within } = this.#at(offset);
    let left = length;
    while (left > 0) {
      const bytes = this.#pieces[piece]!;
      const count = Math.min(left, bytes.length - within);
      part(bytes, within, count);
      left -= count;
      within += count;
      if (within === bytes.length) {
        piece += 1;
        within = 0;
      }
    }
    this.#cursor = { offset: offset + length, piece, within };
  }

  #at(offset: number): { piece: number; within: number } {
    const { cursor } = { cursor: this.#cursor };
    let piece = this.#first;
    let within = this.#gone;
    let left = offset;
    if (offset >= cursor.offset && cursor.piece >= this.#first) {
      ({ piece, within } = cursor);
      left = offset - cursor.offset;
    }
    while (left > 0) {
      const rest = this.#pieces[piece]!.length - within;
      if (left < rest) return { piece, within: within + left };
      left -= rest;
      piece += 1;
      within = 0;
    }
    return { piece, within };
  }

  /** The first `count` bytes have arrived. */
  drop(count: number): void {
    this.bytes -= count;
    let left = count;
    while (left > 0) {
      const piece = this.#pieces[this.#first]!;
      const rest = piece.length - this.#gone;
      if (left < rest) {
        this.#gone += left;
        break;
      }
      left -= rest;
      this.#release(piece);
      this.#pieces[this.#first] = none;
      this.#first += 1;
      this.#gone = 0;
    }
    this.#cursor.offset -= count;
    if (this.#cursor.offset < 0) this.#cursor = { offset: 0, piece: this.#first, within: this.#gone };
    // Not at each piece: moving the rest costs.
    if (this.#first > 32 && this.#first * 2 > this.#pieces.length) {
      this.#pieces.splice(0, this.#first);
      this.#cursor.piece -= this.#first;
      this.#first = 0;
    }
  }

  /** Lets go of everything. */
  clear(): void {
    for (let at = this.#first; at < this.#pieces.length; at += 1) this.#release(this.#pieces[at]!);
    this.#pieces.length = 0;
    this.#first = this.#gone = this.bytes = 0;
    this.#cursor = { offset: 0, piece: 0, within: 0 };
  }
}
