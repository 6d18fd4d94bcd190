import ipaddr from 'ipaddr.js';

/** A network of either family; `first` is its lowest address as a number. A single address has all bits in its prefix. */
export interface Network {
  readonly version: 4 | 6;
  readonly first: bigint;
  readonly prefix: number;
}

const width = (version: 4 | 6) => (version === 4 ? 32 : 128);

/**
 * Reads `10.0.0.0/16`, `fd00::/8` or a single address. Null for every other notation: octal, hexadecimal, short forms, zones, IPv4 inside
 * IPv6, and networks with host bits set (`10.0.0.1/8`), so that one network has one text.
 */
export function parseNetwork(text: string): Network | null {
  const [address = '', bits, ...more] = text.split('/');
  if (more.length > 0) return null;
  const bytes = addressBytes(address);
  if (bytes === null) return null;
  const version = bytes.length === 4 ? 4 : 6;
  const prefix = bits === undefined ? width(version) : prefixOf(bits, width(version));
  if (prefix === null) return null;
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const network = { version, first: value, prefix } as const;
  return value === firstOf(value, version, prefix) ? network : null;
}

function prefixOf(text: string, most: number): number | null {
  if (!/^(0|[1-9]\d{0,2})$/.test(text)) return null;
  const prefix = Number(text);
  return prefix <= most ? prefix : null;
}

function addressBytes(text: string): number[] | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) {
    const parts = text.split('.');
    return parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))
      ? ipaddr.IPv4.parse(text).toByteArray()
      : null;
  }
  if (!/^[0-9a-fA-F:]+$/.test(text) || !ipaddr.IPv6.isValid(text)) return null;
  return ipaddr.IPv6.parse(text).toByteArray();
}

function firstOf(value: bigint, version: 4 | 6, prefix: number): bigint {
  const host = BigInt(width(version) - prefix);
  return (value >> host) << host;
}

export function lastOf(network: Network): bigint {
  return network.first + (1n << BigInt(width(network.version) - network.prefix)) - 1n;
}

/** The address `offset` above the network's first, as a network of one. */
export function hostOf(network: Network, offset: number): Network {
  return { version: network.version, first: network.first + BigInt(offset), prefix: width(network.version) };
}

export function isSingle(network: Network): boolean {
  return network.prefix === width(network.version);
}

/** Canonical text of the lowest address, without prefix. */
export function addressText({ version, first }: Network): string {
  const bytes: number[] = [];
  for (let rest = first, left = width(version) / 8; left > 0; left -= 1, rest >>= 8n)
    bytes.unshift(Number(rest & 0xffn));
  return version === 4 ? new ipaddr.IPv4(bytes).toString() : new ipaddr.IPv6(bytes).toRFC5952String();
}

/** Canonical text with prefix, always: `10.0.2.60/32`. */
export function networkText(network: Network): string {
  return `${addressText(network)}/${network.prefix}`;
}

export function contains(outer: Network, inner: Network): boolean {
  return outer.version === inner.version && outer.first <= inner.first && lastOf(inner) <= lastOf(outer);
}

export function overlaps(one: Network, other: Network): boolean {
  return one.version === other.version && one.first <= lastOf(other) && other.first <= lastOf(one);
}

/** The networks without repetition and without those that lie inside another. */
export function withoutInner(networks: readonly Network[]): Network[] {
  const wide = [...networks].sort((one, other) => one.prefix - other.prefix);
  const kept: Network[] = [];
  for (const network of wide) if (!kept.some((outer) => contains(outer, network))) kept.push(network);
  return kept;
}

/** A network of a constant of ours; a text that is none is a bug. */
export function network(text: string): Network {
  const parsed = parseNetwork(text);
  if (parsed === null) throw new Error(`${text} is not a network`);
  return parsed;
}
