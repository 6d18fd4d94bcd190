import koffi from 'koffi';
import { PartList } from './part-list.ts';

const writev = koffi
  .load(process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6')
  .func('long writev(int fd, const void *parts, int count)') as unknown as (
  fd: number,
  parts: Uint8Array,
  count: number,
) => number;

/** One packet written from several places of memory, without being put together first (`writev`). */
export class GatheredWrite {
  readonly #list = new PartList((bytes) => koffi.address(bytes));

  begin(): void {
    this.#list.begin();
  }

  /** False when there is no room for one more part. */
  add(bytes: Uint8Array, from: number, count: number): boolean {
    if (this.#list.full) return false;
    this.#list.add(bytes, from, count);
    return true;
  }

  /** Negative: an error. */
  write(fd: number): number {
    const { parts, count } = this.#list;
    return Number(writev(fd, parts, count));
  }
}
