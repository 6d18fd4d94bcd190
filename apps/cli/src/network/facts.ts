import { BlockList, isIP } from 'node:net';
import type { Resource } from '@sallyport/api-client';
import type { Carried } from '@sallyport/tunnel';

/** Addresses that a grant opens, and what may go there. */
export interface NetworkRoute {
  readonly cidr: string;
  /** First and last port of each range; empty for protocols without ports. */
  readonly ports: readonly (readonly [number, number])[];
  readonly proto: Carried;
}

/** What the catalogue says of a granted network. */
export interface NetworkFacts {
  readonly routes: readonly NetworkRoute[];
  /** Domains whose names the private network answers. */
  readonly suffixes: readonly string[];
  readonly carries: readonly Carried[];
  readonly way: 'agent' | 'ssh';
  /** Whether nothing on the far side narrows it to the routes. */
  readonly everything: boolean;
}

/** How a resource is brought to programs: a device with routes, the packet filter, or listeners that programs are told of. */
export type Via = 'tun' | 'filter' | 'port';

export const vias: readonly Via[] = ['tun', 'filter', 'port'];

/** Whether a resource is a network of addresses rather than one host and port. */
export function isNetwork({ kind }: Pick<Resource, 'kind'>): boolean {
  return kind === 'subnet';
}

/** The facts of a resource that is a network; null for one with a host and port. */
export function networkOf(resource: Resource): NetworkFacts | null {
  if (!isNetwork(resource)) return null;
  const { network } = resource;
  if (!network) return null;
  const routes = network.routes.map(({ cidr, ports, proto }) => ({
    ...{ cidr, proto },
    ports: ports.map(([first = 0, last = 0]) => [first, last] as const),
  }));
  return { ...network, routes };
}

/** The CIDRs of a network, each once, in the catalogue's order. */
export function cidrsOf({ routes }: Pick<NetworkFacts, 'routes'>): readonly string[] {
  return [...new Set(routes.map(({ cidr }) => cidr))];
}

/** Whether a TCP connection to an address is within the grant. */
export function takesTcp(facts: Pick<NetworkFacts, 'routes'>, address: string, port: number): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  return facts.routes.some(
    ({ cidr, ports, proto }) =>
      (proto === 'tcp' || proto === 'ip') &&
      (proto === 'ip' || ports.some(([first, last]) => port >= first && port <= last)) &&
      contains(cidr, address),
  );
}

/** Whether a name belongs to one of the domains that the network answers; the domain itself does. */
export function takesName({ suffixes }: Pick<NetworkFacts, 'suffixes'>, name: string): boolean {
  const asked = name.toLowerCase().replace(/\.$/u, '');
  return suffixes.some((suffix) => asked === suffix || asked.endsWith(`.${suffix}`));
}

/** Whether a CIDR contains an address of the same family. */
export function contains(cidr: string, address: string): boolean {
  const [base = '', bits = ''] = cidr.split('/');
  const family = isIP(base);
  if (family === 0 || family !== isIP(address)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
