import { Unsupported } from '../outcome.ts';
import type { Matcher } from './operator.ts';

interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** An address or a network (IPv4 or IPv6) that the address must lie in; an address of the other family never does. */
export function ipAddress(wanted: string): Matcher {
  const [text = '', length, ...rest] = wanted.split('/');
  const network = readAddress(text);
  if (network === undefined || rest.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) {
    throw new Unsupported(`${wanted} is not an address or network`);
  }
  const prefix = length === undefined ? network.bits : Number(length);
  if (prefix > network.bits) throw new Unsupported(`${wanted} has too long a prefix`);
  const shift = BigInt(network.bits - prefix);
  return (actual) => {
    const address = readAddress(actual);
    if (address === undefined) return 'unknown';
    if (address.bits !== network.bits) return 'no';
    return address.value >> shift === network.value >> shift ? 'yes' : 'no';
  };
}

function readAddress(text: string): Address | undefined {
  return text.includes(':') ? readIpv6(text) : readIpv4(text);
}

function readIpv4(text: string): Address | undefined {
  if (!/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text)) return undefined;
  const octets = text.split('.').map(Number);
  if (octets.some((octet) => octet > 255)) return undefined;
  return { bits: 32, value: octets.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n) };
}

/** Plain groups with at most one `::`; forms with an embedded IPv4 address are not read. */
function readIpv6(text: string): Address | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...Array<string>(Math.max(missing, 0)).fill('0'), ...right];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return { bits: 128, value: BigInt(`0x${groups.map((group) => group.padStart(4, '0')).join('')}`) };
}
