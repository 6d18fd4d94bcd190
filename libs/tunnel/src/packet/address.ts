import ipaddr from 'ipaddr.js';

export type Family = 4 | 6;

/** An address as the packet code compares it: its bytes, 4 or 16 of them. */
export interface Address {
  readonly family: Family;
  readonly bytes: Uint8Array;
}

/** An address range: an address and how many of its leading bits count. */
export interface Range extends Address {
  readonly prefix: number;
}

/** Reads an IPv4 or IPv6 address in text form. An IPv4 address written as IPv6 stays IPv6. Throws a TypeError for anything else. */
export function parseAddress(text: string): Address {
  if (!ipaddr.isValid(text) || (!text.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(text)))
    throw new TypeError(`"${text}" is no IP address`);
  const parsed = ipaddr.parse(text);
  return { family: parsed.kind() === 'ipv4' ? 4 : 6, bytes: Uint8Array.from(parsed.toByteArray()) };
}

/** Reads `ADDRESS/PREFIX`; an address alone is a range of one. Bits below the prefix are cleared. Throws a TypeError. */
export function parseRange(text: string): Range {
  const [address = '', prefixText] = text.split('/', 2);
  const { family, bytes } = parseAddress(address);
  const bits = bytes.length * 8;
  const prefix = prefixText === undefined ? bits : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : -1;
  if (prefix < 0 || prefix > bits || text.split('/').length > 2)
    throw new TypeError(`"${text}" is no address range`);
  const masked = bytes.map((byte, index) => byte & maskByte(prefix, index));
  return { family, bytes: masked, prefix };
}

/** The eight bits of a prefix mask at byte `index`. */
function maskByte(prefix: number, index: number): number {
  const bits = Math.min(8, Math.max(0, prefix - index * 8));
  return (0xff << (8 - bits)) & 0xff;
}

/** The canonical text of 4 or 16 address bytes (RFC 5952 for IPv6). */
export function addressText(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join('.') : ipaddr.fromByteArray([...bytes]).toString();
}

/** The canonical text of an address in any spelling, without a zone. Throws a TypeError. */
export function canonicalAddress(text: string): string {
  return addressText(parseAddress(text.split('%', 1)[0] ?? '').bytes);
}

/** Whether a range contains an address of the same family. */
export function contains(range: Range, address: Address): boolean {
  return (
    range.family === address.family &&
    range.bytes.every((byte, index) => byte === (address.bytes[index]! & maskByte(range.prefix, index)))
  );
}

/** The four words (signed, most significant first) that the packet code compares; IPv4 has its one word last. */
export function words(bytes: Uint8Array): readonly [number, number, number, number] {
  if (bytes.length === 4) return [0, 0, 0, word(bytes, 0)];
  return [word(bytes, 0), word(bytes, 4), word(bytes, 8), word(bytes, 12)];
}

/** The four words of a range's mask, as {@link words}. */
export function maskWords(range: Range): readonly [number, number, number, number] {
  return words(range.bytes.map((_, index) => maskByte(range.prefix, index)));
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
