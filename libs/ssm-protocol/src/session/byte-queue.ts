/** Bytes waiting to be sent, kept by reference. */
export class OutgoingBytes {
  #chunks: Uint8Array[] = [];
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
      target.set(chunk.subarray(this.#headOffset, this.#headOffset + take), at + moved);
      moved += take;
      if (take === have) this.#dropHead();
      else this.#headOffset += take;
    }
    this.length -= moved;
    return moved;
  }

  clear(): void {
    this.#chunks = [];
    this.#head = 0;
    this.#headOffset = 0;
    this.length = 0;
  }

  #dropHead(): void {
    this.#head += 1;
    this.#headOffset = 0;
    // Forget what was sent, now and then, so that shifting stays cheap and memory is given back.
    if (this.#head === this.#chunks.length || this.#head >= 64) {
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
