/**
 * Memory for reading that is used again. A runtime that allocates for each read collects garbage for each megabyte; here what was read is lent, and
 * whoever had it last gives it back. What nobody gives back is garbage like any other, so forgetting costs time and nothing else. Giving back what is still
 * read somewhere, or twice, is the one mistake: it would show one conversation the bytes of another.
 */

/** One piece of memory, filled from its beginning. */
export const slabBytes = 256 * 1024;
/** Less room than this at the end of a slab is not read into. */
const roomLeast = 64 * 1024;
/** Slabs that wait for use, of all readers together: 8 MiB. */
const idleMax = 32;

interface Slab {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes lent and not given back. */
  lent: number;
  /** Whether a reader fills it. */
  filling: boolean;
  /** More came back than was lent: nobody knows who reads it, and it is never used again. */
  broken: boolean;
}

const slabs = new WeakMap<ArrayBufferLike, Slab>();
const idle: Slab[] = [];
let wiped = false;

/** For tests: memory is overwritten as soon as it may be, so that whoever reads it too late is found out. */
export function wipeWhatIsGivenBack(on: boolean): void {
  wiped = on;
}

/** Whether bytes lie in memory that is used again. */
export function isLent(bytes: Uint8Array): boolean {
  return slabs.has(bytes.buffer);
}

/** Gives bytes back that nobody reads any more: `count` of them, by default all. Other memory is left alone. */
export function giveBack(bytes: Uint8Array, count = bytes.length): void {
  const slab = slabs.get(bytes.buffer);
  if (slab === undefined) return;
  slab.lent -= count;
  if (slab.lent < 0) slab.broken = true;
  else if (slab.lent === 0) rest(slab);
}

function rest(slab: Slab): void {
  if (slab.broken) return;
  if (wiped) slab.bytes.fill(0xdd);
  if (!slab.filling && idle.length < idleMax) idle.push(slab);
}

function aSlab(): Slab {
  const waiting = idle.pop();
  if (waiting !== undefined) {
    waiting.filling = true;
    return waiting;
  }
  const slab: Slab = { bytes: new Uint8Array(slabBytes), lent: 0, filling: true, broken: false };
  slabs.set(slab.bytes.buffer, slab);
  return slab;
}

/** Where one source is read into. */
export class SlabReader {
  #slab: Slab | undefined;
  #used = 0;

  /** Memory for the next read: 64 KiB at least, or what is asked. Asked again, it is the same until something was read. */
  room(least = roomLeast): Uint8Array {
    let slab = this.#slab;
    // Everything of it came back: its beginning is used again, which the processor still has at hand.
    if (slab?.lent === 0 && !slab.broken) this.#used = 0;
    if (slab === undefined || slab.broken || slab.bytes.length - this.#used < least) {
      this.close();
      slab = this.#slab = aSlab();
      this.#used = 0;
    }
    return slab.bytes.subarray(this.#used);
  }

  /** What was read into the room, lent to the caller. */
  take(length: number): Uint8Array {
    const slab = this.#slab;
    if (slab === undefined) return new Uint8Array();
    const bytes = slab.bytes.subarray(this.#used, this.#used + length);
    this.#used += length;
    slab.lent += length;
    return bytes;
  }

  /** Nothing more is read into the memory that it has. */
  close(): void {
    const slab = this.#slab;
    if (slab === undefined) return;
    this.#slab = undefined;
    slab.filling = false;
    if (slab.lent === 0) rest(slab);
  }
}
