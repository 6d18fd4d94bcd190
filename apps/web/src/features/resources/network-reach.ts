import type { Network } from '../../api/contract.ts';

type Route = Network['routes'][number];

/** Ports as people write them: `443, 8000-8010`, or `all ports`. */
export function portsText(ports: Route['ports']): string {
  if (ports.some(([from, to]) => from === 1 && to === 65_535)) return 'all ports';
  return ports.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}

const words = { tcp: 'TCP', udp: 'UDP', icmp: 'ping', ip: 'any protocol of IP' } as const;

/** What of one network is reached: `TCP all ports, UDP 53, ping`. */
export function carriedText(routes: readonly Route[]): string {
  return routes
    .map(({ proto, ports }) => (ports.length === 0 ? words[proto] : `${words[proto]} ${portsText(ports)}`))
    .join(', ');
}

/** The routes by their network, in order. */
export function byNetwork(network: Pick<Network, 'routes'>): { cidr: string; carried: string }[] {
  const cidrs = [...new Set(network.routes.map(({ cidr }) => cidr))];
  return cidrs.map((cidr) => ({
    cidr,
    carried: carriedText(network.routes.filter((route) => route.cidr === cidr)),
  }));
}

/** Who holds people to it on the far side. */
export function wayText({ way, everything }: Pick<Network, 'way' | 'everything'>): string {
  if (way === 'agent') return 'The agent on the gateway judges every conversation.';
  return everything
    ? 'Through sshd, which is not held to the list: everything that this gateway reaches.'
    : 'Through sshd, which is held to the list.';
}

/** `20 Mbit/s each way for each client`; null where it is as fast as it goes. */
export function speedText({ maxBps }: Pick<Network, 'maxBps'>): string | null {
  return maxBps === undefined ? null : `${maxBps / 1_000_000} Mbit/s each way for each client`;
}
