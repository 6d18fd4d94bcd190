import type { RecordingSource } from './recording-reader.ts';
import { joined } from './shown-text.ts';

/** Reads so many bytes from what comes in pieces of any size. */
export class ByteQueue {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #held: Uint8Array[] = [];
  #bytes = 0;
  #over = false;

  constructor(source: RecordingSource) {
    this.#pieces = piecesOf(source);
  }

  /** So many bytes, or what is left at the end. */
  async read(count: number): Promise<Uint8Array> {
    while (this.#bytes < count && (await this.#more())) continue;
    const taken: Uint8Array[] = [];
    let wanted = Math.min(count, this.#bytes);
    this.#bytes -= wanted;
    while (wanted > 0) {
      const piece = this.#held.shift()!;
      taken.push(piece.subarray(0, wanted));
      if (piece.length > wanted) this.#held.unshift(piece.subarray(wanted));
      wanted -= Math.min(wanted, piece.length);
    }
    return taken.length === 1 ? taken[0]! : joined(...taken);
  }

  /** To be read again. */
  putBack(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#held.unshift(bytes);
    this.#bytes += bytes.length;
  }

  async atEnd(): Promise<boolean> {
    while (this.#bytes === 0 && (await this.#more())) continue;
    return this.#bytes === 0;
  }

  async #more(): Promise<boolean> {
    if (this.#over) return false;
    const piece: IteratorResult<Uint8Array, unknown> = await this.#pieces.next();
    if (piece.done === true) {
      this.#over = true;
      return false;
    }
    if (piece.value.length > 0) this.#held.push(piece.value);
    this.#bytes += piece.value.length;
    return true;
  }
}

function piecesOf(source: RecordingSource): AsyncIterator<Uint8Array> | Iterator<Uint8Array> {
  if (source instanceof Uint8Array) return [source].values();
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  if (Symbol.iterator in source) return source[Symbol.iterator]();
  // Not every browser goes through streams by itself.
  const reader = (source as ReadableStream<Uint8Array>).getReader();
  return { next: async () => (await reader.read()) as IteratorResult<Uint8Array> };
}
