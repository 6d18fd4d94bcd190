import type { Resource } from '@sallyport/api-client';
import { clean } from './text.ts';

type Network = NonNullable<Resource['network']>;
type Route = Network['routes'][number];

const words: Readonly<Record<Route['proto'], string>> = {
  tcp: 'TCP',
  udp: 'UDP',
  icmp: 'ping',
  ip: 'any protocol of IP',
};

/** `TCP 443, 8000-8010`, `UDP all ports`, `ping`. */
function carriedText({ proto, ports }: Pick<Route, 'proto' | 'ports'>): string {
  if (ports.length === 0) return words[proto];
  if (ports.some(([first, last]) => first === 1 && last === 65_535)) return `${words[proto]} all ports`;
  const spans = ports.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  return `${words[proto]} ${spans.join(', ')}`;
}

/** What a grant of a network opens, and who holds people to it: one fact a line, the first what is reached. */
export function grantedLines({
  routes,
  suffixes,
  resolver,
  way,
  everything,
  maxBps,
}: Network): readonly [string, ...string[]] {
  const cidrs = [...new Set(routes.map(({ cidr }) => cidr))];
  const reached = cidrs.map(
    (cidr) =>
      `${clean(cidr)}: ${routes
        .filter((route) => route.cidr === cidr)
        .map(carriedText)
        .join(', ')}`,
  );
  const names = suffixes.map((suffix) => `*.${clean(suffix)}`).join(', ');
  return [
    reached.join('; '),
    ...(names === '' ? [] : [`names ${names}${resolver === null ? '' : ` asked of ${clean(resolver)}`}`]),
    way === 'agent'
      ? 'held to it by the agent on the gateway, which judges every conversation'
      : everything
        ? 'held to it by NOTHING: sshd forwards to everything that this gateway reaches'
        : 'held to it by sshd (PermitOpen)',
    ...(maxBps === undefined ? [] : [`at most ${maxBps / 1_000_000} Mbit/s each way for each client`]),
  ];
}
