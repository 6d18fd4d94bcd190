import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** The form of an age file (age-encryption.org/v1): a header in text, 16 bytes, then chunks of 64 KiB sealed one by one. */
export const chunkBytes = 64 * 1024;
export const sealedChunkBytes = chunkBytes + 16;
export const nonceBytes = 16;
export const magic = 'age-encryption.org/v1\n';
/** A header has one line of 150 bytes for each recipient. */
export const headerBytesMax = 64 * 1024;

const encoder = new TextEncoder();
const macLine = encoder.encode('\n--- ');

/** Where the header ends in these first bytes: undefined when it does not end there. */
export function headerLength(bytes: Uint8Array): number | undefined {
  for (let at = 0; at + macLine.length <= bytes.length; at += 1) {
    if (!macLine.every((byte, index) => bytes[at + index] === byte)) continue;
    const end = bytes.indexOf(0x0a, at + macLine.length);
    return end < 0 ? undefined : end + 1;
  }
  return undefined;
}

export function beginsWithMagic(bytes: Uint8Array): boolean {
  return encoder.encode(magic).every((byte, index) => bytes[index] === byte);
}

/** How many whole chunks an unfinished file of this length has; its header's length by {@link headerLength}. */
export function wholeChunks(fileBytes: number, headerBytes: number): number {
  return Math.max(0, Math.floor((fileBytes - headerBytes - nonceBytes) / sealedChunkBytes));
}

/** Where an unfinished file is cut before what had been kept beside it is joined on; undefined while it has not even a header. `begin`: its first bytes. */
export function joinedLength(
  begin: Uint8Array,
  fileBytes: number,
): { readonly bytes: number; readonly chunks: number } | undefined {
  const header = headerLength(begin);
  if (header === undefined || fileBytes < header + nonceBytes) return undefined;
  const chunks = wholeChunks(fileBytes, header);
  return { chunks, bytes: header + nonceBytes + chunks * sealedChunkBytes };
}

/** Opens the chunks of one file in their order. */
export class ChunkOpener {
  readonly #key: Uint8Array;
  #count = 0;

  constructor(fileKey: Uint8Array, nonce: Uint8Array) {
    this.#key = hkdf(sha256, fileKey, nonce, encoder.encode('payload'), 32);
  }

  /** What the next chunk holds; undefined when it is not the one that stood here, or not sealed as the last where `last`. */
  open(sealed: Uint8Array, last: boolean): Uint8Array | undefined {
    if (sealed.length < sealedChunkBytes - chunkBytes) return undefined;
    const nonce = new Uint8Array(12);
    // Eleven bytes count, the twelfth marks the last; 2^32 chunks are 256 TiB.
    new DataView(nonce.buffer).setUint32(7, this.#count);
    nonce[11] = last ? 1 : 0;
    try {
      const opened = chacha20poly1305(this.#key, nonce).decrypt(sealed);
      // Only the first may be empty, so that a length has one form.
      if (last && opened.length === 0 && this.#count > 0) return undefined;
      this.#count += 1;
      return opened;
    } catch {
      return undefined;
    }
  }
}
