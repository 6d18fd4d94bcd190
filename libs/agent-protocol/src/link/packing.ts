import type { Packer } from '../contract.ts';

/** A stream is looked at again after so many bytes in vain, and each time after twice as many. */
const lookAgain = { first: 256 * 1024, most: 16 * 1024 * 1024 };
/** Less is not worth a frame of its own kind. */
const leastBytes = 200;
/** Packed bytes may be at most this share of the plain ones. */
const worthShare = 0.9;
/** Beginnings of what is encrypted or packed already: TLS records, SSH, gzip, zip, zstd, xz, PNG, JPEG, and WebM. */
const hopeless: readonly (readonly number[])[] = [
  [0x16, 0x03],
  [0x17, 0x03],
  [0x53, 0x53, 0x48, 0x2d],
  [0x1f, 0x8b],
  [0x50, 0x4b, 0x03, 0x04],
  [0x28, 0xb5, 0x2f, 0xfd],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a],
  [0x89, 0x50, 0x4e, 0x47],
  [0xff, 0xd8, 0xff],
  [0x1a, 0x45, 0xdf, 0xa3],
];

/** Decides for one direction of one stream whether packing pays, by trying it now and then. */
export class Packing {
  readonly #packer: Packer | undefined;
  #seen = 0;
  #nextLook = 0;
  #pause = lookAgain.first;
  #pays = false;

  constructor(packer: Packer | undefined) {
    this.#packer = packer;
  }

  /** Whether the next bytes would be tried; while that rests, they go as they are. */
  get tries(): boolean {
    return this.#packer !== undefined && (this.#pays || this.#seen >= this.#nextLook);
  }

  /** The packed form of the next bytes of the stream, or undefined when they go as they are. */
  pack(parts: readonly Uint8Array[], bytes: number): Uint8Array | undefined {
    const from = this.#seen;
    this.#seen += bytes;
    if (!this.#packer || bytes < leastBytes) return undefined;
    if (!this.#pays && from < this.#nextLook) return undefined;
    const plain = parts.length === 1 ? parts[0]! : joined(parts, bytes);
    if (!this.#pays && isHopeless(plain)) return this.#rest(from);
    const packed = this.#packer.pack(plain);
    if (!packed || packed.length > bytes * worthShare) return this.#rest(from);
    this.#pays = true;
    this.#pause = lookAgain.first;
    return packed;
  }

  #rest(from: number): undefined {
    this.#pays = false;
    this.#nextLook = from + this.#pause;
    this.#pause = Math.min(lookAgain.most, this.#pause * 2);
    return undefined;
  }
}

function isHopeless(bytes: Uint8Array): boolean {
  return hopeless.some((beginning) => beginning.every((byte, at) => bytes[at] === byte));
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
