import { randomFillSync } from 'node:crypto';

/** Frames of all connections lie one after the other in blocks of this size; a block is never written twice. */
const blockBytes = 65_536;
const keysAtOnce = 2_048;
/** FIN and the opcode of a binary message; the bit that says "masked" (RFC 6455 section 5.2). */
const finBinary = 0x82;
const maskedBit = 0x80;

let block = Buffer.allocUnsafeSlow(blockBytes);
let words = wordsOf(block);
let used = 0;

const keys = new Uint32Array(keysAtOnce);
let nextKey = keysAtOnce;

/**
 * Gathers binary messages of a client as WebSocket frames, masked with a random key each, so that many leave in one write. Masks four bytes at a time:
 * byte by byte, as the WebSocket library does without its native part, was an eighth of an upload.
 */
export class MaskedFrames {
  /** What was gathered, as pieces of blocks in order. */
  #pieces: { readonly from: Buffer; readonly start: number; end: number }[] = [];
  /** Bytes gathered and not taken yet. */
  length = 0;

  /** Adds one message; its bytes are copied. */
  add(message: Uint8Array): void {
    const header = message.length < 126 ? 6 : message.length < 65_536 ? 8 : 14;
    const bytes = header + message.length;
    if (used + bytes > block.length) {
      block = Buffer.allocUnsafeSlow(Math.max(blockBytes, (bytes + 3) & ~3));
      words = wordsOf(block);
      used = 0;
    }
    const start = used;
    used += bytes;
    this.#keep(start);
    this.length += bytes;
    writeHeader(start, message.length);
    const key = takeKey();
    const at = start + header;
    block.writeUInt32LE(key, at - 4);
    block.set(message, at);
    mask(at, used, key);
  }

  /** Hands over what was gathered, in order. */
  take(): Buffer[] {
    const taken = this.#pieces.map(({ from, start, end }) => from.subarray(start, end));
    this.#pieces = [];
    this.length = 0;
    return taken;
  }

  #keep(start: number): void {
    const last = this.#pieces.at(-1);
    if (last?.from === block && last.end === start) last.end = used;
    else this.#pieces.push({ from: block, start, end: used });
  }
}

function wordsOf({ buffer, byteOffset, length }: Buffer): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length >> 2);
}

function takeKey(): number {
  if (nextKey === keysAtOnce) {
    randomFillSync(keys);
    nextKey = 0;
  }
  return keys[nextKey++]!;
}

function writeHeader(at: number, length: number): void {
  block[at] = finBinary;
  if (length < 126) block[at + 1] = maskedBit | length;
  else if (length < 65_536) {
    block[at + 1] = maskedBit | 126;
    block.writeUInt16BE(length, at + 2);
  } else {
    block[at + 1] = maskedBit | 127;
    block.writeBigUInt64BE(BigInt(length), at + 2);
  }
}

/** XORs the bytes from `at` to `end` with the key's four bytes in turn, the least significant first; whole words in between. */
function mask(at: number, end: number, key: number): void {
  let turned = key;
  let index = at;
  for (; index < end && (index & 3) !== 0; index += 1) {
    block[index]! ^= turned & 0xff;
    turned = (turned >>> 8) | (turned << 24);
  }
  const wordsEnd = end >> 2;
  for (let word = index >> 2; word < wordsEnd; word += 1) words[word]! ^= turned;
  for (index = Math.max(index, wordsEnd << 2); index < end; index += 1) {
    block[index]! ^= turned & 0xff;
    turned = (turned >>> 8) | (turned << 24);
  }
}
