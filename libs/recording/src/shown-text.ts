/** Bytes that are no UTF-8 stand as these lone surrogates in the text, so that none is lost (as Python's `surrogateescape`): 0x80 is U+DC80. */
const escapeBase = 0xdc00;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** How many bytes a character takes that begins with this one; 1 for one that begins none. */
function lengthFrom(first: number): number {
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 1;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Turns bytes as they come into text, without loss: a character that comes in two pieces is held back until it is whole, and bytes that are no UTF-8 are escaped.
 * {@link bytesOf} turns it back.
 */
export class ShownText {
  #held: Uint8Array = new Uint8Array();

  take(bytes: Uint8Array): string {
    const all = this.#held.length === 0 ? bytes : joined(this.#held, bytes);
    const begun = unfinished(all);
    this.#held = all.slice(all.length - begun);
    return textOf(all.subarray(0, all.length - begun));
  }

  /** What was held back of a character that never became whole. */
  rest(): string {
    const text = textOf(this.#held);
    this.#held = new Uint8Array();
    return text;
  }
}

/** How many bytes at the end may be the beginning of a character. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return lengthFrom(byte) > back ? back : 0;
  }
  return 0;
}

function textOf(bytes: Uint8Array): string {
  const whole = decoded(bytes);
  if (whole !== undefined) return whole;
  let text = '';
  for (let at = 0; at < bytes.length;) {
    // Plain runs go by one call; the rest character by character.
    let plain = at;
    while (plain < bytes.length && bytes[plain]! < 0x80) plain += 1;
    if (plain > at) text += strict.decode(bytes.subarray(at, plain));
    at = plain;
    if (at === bytes.length) break;
    const length = lengthFrom(bytes[at]!);
    const character = length > 1 ? decoded(bytes.subarray(at, at + length)) : undefined;
    text += character ?? String.fromCharCode(escapeBase + bytes[at]!);
    at += character === undefined ? 1 : length;
  }
  return text;
}

/** The bytes that a text made by {@link ShownText} stands for. */
export function bytesOf(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  const parts: Uint8Array[] = [];
  let plain = '';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code < escapeBase + 0x80 || code > escapeBase + 0xff) {
      plain += character;
      continue;
    }
    if (plain !== '') parts.push(encoder.encode(plain));
    plain = '';
    parts.push(Uint8Array.of(code - escapeBase));
  }
  parts.push(encoder.encode(plain));
  return joined(...parts);
}

/** The pieces as one. */
export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
