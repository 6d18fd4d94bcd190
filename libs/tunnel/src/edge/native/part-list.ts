/** Parts of one call: more are another call. */
const partsMax = 64;
/** Of `struct iovec`, and of `struct msghdr` before and behind the two fields that are used, on 64-bit systems. */
const partBytes = 16;
const messageBytes = 64;
const partsAt = 16;
const countAt = 24;

/** Where memory begins; told by the library for native calls, which not every program of ours has. */
export type AddressOf = (bytes: Uint8Array) => bigint;

/** Where the memory of a buffer begins. It stays there as long as the buffer is reachable. */
const beginnings = new WeakMap<ArrayBufferLike, number>();

/**
 * Several places of memory for one call of the system, without being put together first: `struct iovec`s, and a `struct msghdr` that tells of them. The
 * memory must be reachable until the call is over.
 */
export class PartList {
  /** `struct msghdr`, then the list. */
  readonly #words = new Uint32Array((messageBytes + partsMax * partBytes) / 4);
  /** For calls that take a message. */
  readonly message = new Uint8Array(this.#words.buffer);
  /** For calls that take the list itself, with {@link count}. */
  readonly parts = new Uint8Array(this.#words.buffer, messageBytes);
  count = 0;
  bytes = 0;
  #latest: ArrayBufferLike | undefined;
  #latestAt = 0;

  readonly #addressOf: AddressOf;

  constructor(addressOf: AddressOf) {
    this.#addressOf = addressOf;
    this.#address(partsAt / 4, this.#beginningOf(this.#words.buffer) + messageBytes);
  }

  /** Whether there is no room for one more part. */
  get full(): boolean {
    return this.count === partsMax;
  }

  begin(): void {
    this.count = this.bytes = 0;
    this.#words[countAt / 4] = 0;
  }

  /** There must be room. */
  add(bytes: Uint8Array, from: number, count: number): void {
    const { buffer } = bytes;
    if (buffer !== this.#latest) {
      this.#latestAt = this.#beginningOf(buffer);
      this.#latest = buffer;
    }
    const at = (messageBytes + this.count * partBytes) / 4;
    this.#address(at, this.#latestAt + bytes.byteOffset + from);
    this.#words[at + 2] = count;
    this.#words[at + 3] = 0;
    this.bytes += count;
    this.#words[countAt / 4] = this.count += 1;
  }

  #beginningOf(buffer: ArrayBufferLike): number {
    const known = beginnings.get(buffer);
    if (known !== undefined) return known;
    // Addresses of programs have 47 bits.
    const found = Number(this.#addressOf(new Uint8Array(buffer)));
    beginnings.set(buffer, found);
    return found;
  }

  #address(at: number, address: number): void {
    this.#words[at] = address;
    this.#words[at + 1] = Math.floor(address / 2 ** 32);
  }
}
