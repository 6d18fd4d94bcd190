/** UUIDs on the wire are 16 bytes with their halves swapped: bytes 8..15 of the UUID first, then 0..7. */

const hexDigits = new TextEncoder().encode('0123456789abcdef');

/** For each byte of the text form, which wire byte it shows, two digits each, hyphens after 4, 6, 8 and 10 bytes. */
const wireIndexOfTextByte = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];

/** Text (lower or upper case, with hyphens) to wire bytes. Throws RangeError for anything else: it is a caller's fault. */
export function uuidToWire(text: string): Uint8Array {
  const digits = text.replaceAll('-', '');
  if (!/^[0-9a-fA-F]{32}$/.test(digits)) throw new RangeError('not a UUID');
  const wire = new Uint8Array(16);
  for (let at = 0; at < 16; at += 1) {
    wire[wireIndexOfTextByte[at]!] = Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16);
  }
  return wire;
}

/** Writes the 36-character text form of the wire UUID at `from` into `target` as ASCII. */
export function writeUuidText(wire: Uint8Array, from: number, target: Uint8Array, at: number): void {
  let to = at;
  for (let index = 0; index < 16; index += 1) {
    if (index === 4 || index === 6 || index === 8 || index === 10) target[to++] = 0x2d;
    const byte = wire[from + wireIndexOfTextByte[index]!]!;
    target[to++] = hexDigits[byte >> 4]!;
    target[to++] = hexDigits[byte & 15]!;
  }
}

/** Wire bytes at `from` to lower-case text with hyphens. */
export function uuidFromWire(wire: Uint8Array, from: number): string {
  const text = new Uint8Array(36);
  writeUuidText(wire, from, text, 0);
  return new TextDecoder().decode(text);
}

/**
 * Message ids of one session: a random UUID whose last 48 bits are counted up, so that ids are unique and have the form
 * of random UUIDs without a call to the source of chance for every kilobyte.
 */
export class MessageIds {
  /** The next id in wire form; overwritten by the following `next`. */
  readonly wire: Uint8Array;

  constructor(uuid: string) {
    this.wire = uuidToWire(uuid);
  }

  /** Counts `wire` up: bytes 10..15 of the UUID are wire bytes 2..7. */
  next(): Uint8Array {
    for (let at = 7; at >= 2; at -= 1) {
      const raised = (this.wire[at]! + 1) & 0xff;
      this.wire[at] = raised;
      if (raised !== 0) break;
    }
    return this.wire;
  }
}
