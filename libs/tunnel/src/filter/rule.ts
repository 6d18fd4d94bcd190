import { parseRange, type Range } from '../packet/address.ts';

/** What a rule lets pass. `ip` is every protocol, with all of its ports. */
export type Protocol = 'tcp' | 'udp' | 'icmp' | 'ip';

/** One line of a grant: a range of addresses with ports. Ports count for TCP and UDP alone; both ends belong to the span. */
export interface Route {
  readonly cidr: string;
  readonly ports: readonly (readonly [from: number, to: number])[];
  readonly proto: Protocol;
}

/** A route as the filter compares it, and the number of the network that it belongs to. */
export interface Rule {
  readonly network: number;
  readonly range: Range;
  readonly proto: Protocol;
  readonly ports: readonly (readonly [number, number])[];
}

/** Reads the routes of network number `network`. Throws a TypeError for a range or a span of ports that is none. */
export function readRules(network: number, routes: readonly Route[]): Rule[] {
  return routes.map(({ cidr, ports, proto }) => {
    for (const [from, to] of ports)
      if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to > 65_535 || from > to)
        throw new TypeError(`${from}-${to} is no span of ports`);
    return { network, range: parseRange(cidr), proto, ports };
  });
}
