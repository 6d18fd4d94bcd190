/** Copies without making a view where there is no need of one: most copies are of whole chunks, or of a few bytes. */
function copy(from: Uint8Array, offset: number, length: number, to: Uint8Array, at: number): void {
  if (length > 32 && length === from.length) to.set(from, at);
  else if (length > 32) to.set(from.subarray(offset, offset + length), at);
  else for (let index = 0; index < length; index += 1) to[at + index] = from[offset + index]!;
}

/** Bytes waiting to be sent, kept by reference. */
export class OutgoingBytes {
  readonly #chunks: (Uint8Array | undefined)[] = [];
  #head = 0;
  #headOffset = 0;
  length = 0;

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.length += bytes.length;
  }

  /** Moves up to `room` bytes into `target` and tells how many. */
  moveTo(target: Uint8Array, at: number, room: number): number {
    let moved = 0;
    while (moved < room && this.#head < this.#chunks.length) {
      const chunk = this.#chunks[this.#head]!;
      const have = chunk.length - this.#headOffset;
      const take = Math.min(have, room - moved);
      copy(chunk, this.#headOffset, take, target, at + moved);
      moved += take;
      if (take === have) this.#dropHead();
      else this.#headOffset += take;
    }
    this.length -= moved;
    return moved;
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#head = 0;
    this.#headOffset = 0;
    this.length = 0;
  }

  #dropHead(): void {
    this.#chunks[this.#head] = undefined;
    this.#head += 1;
    this.#headOffset = 0;
    if (this.#head === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#head = 0;
    } else if (this.#head >= 64 && this.#head * 2 >= this.#chunks.length) {
      // Only when half is gone: a writer of single bytes would otherwise have its whole queue moved again and again.
      this.#chunks.splice(0, this.#head);
      this.#head = 0;
    }
  }
}

const blockBytesMin = 1024;
const blockBytesMax = 16_384;

interface Block {
  readonly bytes: Uint8Array;
  filled: number;
}

/**
 * Received bytes waiting for a slow reader. Copied together into blocks: a view would keep the chunk of the socket it lies in alive,
 * and a peer that sends single bytes would cost a hundred times what it sends.
 */
export class IncomingBytes {
  #blocks: Block[] = [];
  length = 0;

  push(bytes: Uint8Array): void {
    this.length += bytes.length;
    let rest = bytes;
    const tail = this.#blocks.at(-1);
    if (tail !== undefined) {
      const take = Math.min(tail.bytes.length - tail.filled, rest.length);
      tail.bytes.set(rest.subarray(0, take), tail.filled);
      tail.filled += take;
      rest = rest.subarray(take);
    }
    if (rest.length === 0) return;
    const doubled = Math.min(blockBytesMax, Math.max(blockBytesMin, this.length));
    const block = { bytes: new Uint8Array(Math.max(doubled, rest.length)), filled: rest.length };
    block.bytes.set(rest);
    this.#blocks.push(block);
  }

  /** Takes the oldest block out; undefined when empty. */
  shift(): Uint8Array | undefined {
    const block = this.#blocks.shift();
    if (block === undefined) return undefined;
    this.length -= block.filled;
    return block.bytes.subarray(0, block.filled);
  }

  clear(): void {
    this.#blocks = [];
    this.length = 0;
  }
}
