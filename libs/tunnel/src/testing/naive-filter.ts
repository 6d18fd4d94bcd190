import ipaddr from 'ipaddr.js';
import type { Route } from '../filter/rule.ts';

/** A packet as a person would write it down. */
export interface Told {
  readonly from: string;
  readonly to: string;
  readonly protocol: 'tcp' | 'udp' | 'echo' | 'icmp-other' | 'other';
  readonly port: number;
}

const never = [
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/127', '::ffff:0:0/96'],
  ...['fe80::/10', 'ff00::/8', 'fd00:ec2::/32'],
];

function within(address: string, cidr: string): boolean {
  const one = ipaddr.parse(address);
  const [range, prefix] = ipaddr.parseCIDR(
    cidr.includes('/') ? cidr : `${cidr}/${cidr.includes(':') ? 128 : 32}`,
  );
  if (one.kind() !== range.kind()) return false;
  const bits = (value: ipaddr.IPv4 | ipaddr.IPv6) =>
    value
      .toByteArray()
      .map((byte) => byte.toString(2).padStart(8, '0'))
      .join('');
  return bits(one).slice(0, prefix) === bits(range).slice(0, prefix);
}

/**
 * The filter as a sentence, slow and without any of its code: what the reach of a network with everything carried would be given, or 'drop'. For property
 * tests.
 */
export function naiveVerdict(
  told: Told,
  settings: {
    readonly sources: readonly string[];
    readonly responder?: string;
    readonly routes: readonly Route[];
  },
): 'drop' | 'tcp' | 'udp' | 'echo' | 'names' {
  const same = (one: string, other: string) =>
    ipaddr.parse(one).toNormalizedString() === ipaddr.parse(other).toNormalizedString();
  if (!settings.sources.some((source) => same(source, told.from))) return 'drop';
  if (settings.responder !== undefined && same(settings.responder, told.to)) {
    if (told.port !== 53) return 'drop';
    return told.protocol === 'udp' ? 'names' : told.protocol === 'tcp' ? 'tcp' : 'drop';
  }
  if (never.some((range) => within(told.to, range))) return 'drop';
  if (told.protocol === 'other' || told.protocol === 'icmp-other') return 'drop';
  const { protocol } = told;
  const granted = settings.routes.some(({ cidr, proto, ports }) => {
    if (!within(told.to, cidr)) return false;
    if (proto === 'ip') return true;
    if (protocol === 'echo') return proto === 'icmp';
    return proto === protocol && ports.some(([from, to]) => told.port >= from && told.port <= to);
  });
  return granted ? protocol : 'drop';
}
