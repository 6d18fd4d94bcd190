import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

type Parsed = ipaddr.IPv4 | ipaddr.IPv6;
type Range4 = [ipaddr.IPv4, number];
type Range6 = [ipaddr.IPv6, number];

/**
 * An address in its one usual notation: four decimal parts without leading zeros, or IPv6 without a zone. Everything else (decimal, octal,
 * hexadecimal, shortened IPv4) is no address here, although some libraries would dial it. IPv4 in IPv6 notation (`::ffff:10.0.0.1`) is what
 * the kernel makes of it: IPv4.
 */
export function parseAddress(text: string): Parsed | undefined {
  if (isIPv4(text)) return ipaddr.IPv4.parse(text);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/** Whether {@link parseAddress} would read it. */
export function isAddress(text: string): boolean {
  return isIPv4(text) || (isIPv6(text) && !text.includes('%'));
}

/** The canonical text of an address (RFC 5952 for IPv6). */
export function textOf(address: Parsed): string {
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

/** A range of addresses of one family. */
export type AddressRange = Range4 | Range6;

/** Reads a range such as `10.0.0.0/8`; host bits are ignored. */
export function rangeOf(cidr: string): AddressRange {
  return cidr.includes(':') ? ipaddr.IPv6.parseCIDR(cidr) : ipaddr.IPv4.parseCIDR(cidr);
}

/** Whether the address lies in the range. A range of the other family is a no. */
export function liesIn(address: Parsed, range: AddressRange): boolean {
  return address.kind() === range[0].kind() && address.match(range);
}

/** Never reachable through the agent, whatever a token says. */
const refused4: readonly Range4[] = [
  '0.0.0.0/8', // this host
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local: instance metadata, container credentials, the Amazon resolver and clock
  '100.100.100.200/32', // metadata elsewhere
  '168.63.129.16/32',
  '192.0.0.192/32',
  '224.0.0.0/3', // multicast, reserved, broadcast
].map((cidr) => ipaddr.IPv4.parseCIDR(cidr));
const refused6: readonly Range6[] = [
  '::/127', // unspecified, loopback
  'fe80::/10', // link-local
  'fec0::/10', // site-local, deprecated
  'fd00:ec2::/32', // instance metadata, the Amazon resolver and clock
  'fd20:ce::254/128', // metadata elsewhere
  'ff00::/8', // multicast
].map((cidr) => ipaddr.IPv6.parseCIDR(cidr));

/** Prefixes whose addresses carry an IPv4 address, and where in their 16 bytes it stands. `flipped` is stored inverted (Teredo's client). */
const carriers: readonly { range: Range6; at: number; flipped?: boolean }[] = [
  { range: ipaddr.IPv6.parseCIDR('::/96'), at: 12 }, // IPv4-compatible, deprecated
  { range: ipaddr.IPv6.parseCIDR('::ffff:0:0/96'), at: 12 }, // IPv4-mapped
  { range: ipaddr.IPv6.parseCIDR('::ffff:0:0:0/96'), at: 12 }, // IPv4-translated (RFC 2765)
  { range: ipaddr.IPv6.parseCIDR('64:ff9b::/96'), at: 12 }, // NAT64 (RFC 6052)
  { range: ipaddr.IPv6.parseCIDR('64:ff9b:1::/48'), at: 12 }, // NAT64 of the site (RFC 8215), /96 inside it
  { range: ipaddr.IPv6.parseCIDR('2002::/16'), at: 2 }, // 6to4 (RFC 3056)
  { range: ipaddr.IPv6.parseCIDR('2001::/32'), at: 4 }, // Teredo: its server
  { range: ipaddr.IPv6.parseCIDR('2001::/32'), at: 12, flipped: true }, // Teredo: its client
];

/**
 * Whether an address is on the fixed list, in whatever form it hides: as itself, or as the IPv4 address inside an IPv6 one (mapped,
 * translated, NAT64, 6to4, Teredo, ISATAP).
 */
export function isRefusedForever(address: Parsed): boolean {
  if (address instanceof ipaddr.IPv4) return refused4.some((range) => address.match(range));
  if (refused6.some((range) => address.match(range))) return true;
  return embedded(address).some((inside) => refused4.some((range) => inside.match(range)));
}

/** The IPv4 addresses that an IPv6 address may carry. */
export function embedded(address: ipaddr.IPv6): ipaddr.IPv4[] {
  const bytes = address.toByteArray();
  const found = carriers
    .filter(({ range }) => address.match(range))
    .map(({ at, flipped }) => bytes.slice(at, at + 4).map((byte) => (flipped ? byte ^ 0xff : byte)));
  // ISATAP (RFC 5214): the interface id is 0000:5efe or 0200:5efe, then the IPv4 address.
  if ((bytes[8] ?? 0) % 2 === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe)
    found.push(bytes.slice(12, 16));
  return found.map((four) => new ipaddr.IPv4(four));
}
