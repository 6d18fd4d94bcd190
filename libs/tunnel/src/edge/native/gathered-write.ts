import koffi from 'koffi';

/** Parts of one packet: its headers, and what of other memory lies behind them. */
const partsMax = 16;
const partBytes = 16;

const writev = koffi
  .load(process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6')
  .func('long writev(int fd, const void *parts, int count)') as unknown as (
  fd: number,
  parts: Uint8Array,
  count: number,
) => number;

/** Where the memory of a buffer begins. It stays there as long as the buffer is reachable. */
const beginnings = new WeakMap<ArrayBufferLike, bigint>();

function beginningOf(buffer: ArrayBufferLike): bigint {
  const known = beginnings.get(buffer);
  if (known !== undefined) return known;
  const found = koffi.address(new Uint8Array(buffer));
  beginnings.set(buffer, found);
  return found;
}

/** One packet written from several places of memory, without being put together first (`writev`). */
export class GatheredWrite {
  readonly #parts = new BigUint64Array((partsMax * partBytes) / 8);
  readonly #bytes = new Uint8Array(this.#parts.buffer);
  #count = 0;

  begin(): void {
    this.#count = 0;
  }

  /** False when there is no room for one more part. */
  add(bytes: Uint8Array, from: number, count: number): boolean {
    if (this.#count === partsMax) return false;
    this.#parts[this.#count * 2] = beginningOf(bytes.buffer) + BigInt(bytes.byteOffset + from);
    this.#parts[this.#count * 2 + 1] = BigInt(count);
    this.#count += 1;
    return true;
  }

  /** Negative: an error. */
  write(fd: number): number {
    return Number(writev(fd, this.#bytes, this.#count));
  }
}
