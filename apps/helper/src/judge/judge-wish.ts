import { Problem } from '@sallyport/problems';
import type { RouteGrantClaims } from '@sallyport/grant-token';
import {
  contains,
  isNeverRouted,
  isSingle,
  isTooWide,
  isVirtual,
  hostOf,
  lastOf,
  networkText,
  parseNetwork,
  reservedInside,
  withoutInner,
  type Capture,
  type Network,
} from '@sallyport/tunnel/edge/privileged';
import type { OpenRequest } from '@sallyport/tunnel/helper-messages';
import { judgeNames, type JudgedName } from './judge-names.ts';

/** A wish of a client, as `open` or a later `change` says it. */
export type Wish = Pick<
  OpenRequest,
  'via' | 'shape' | 'mtu' | 'framing' | 'virtual' | 'listeners' | 'exclude' | 'dns'
>;

/** What of a wish is granted: canonical networks and names, ready for a plan. */
export interface Judged {
  /** Range of the virtual addresses; null for a subnet, whose device gets an address elsewhere. */
  readonly range: Network | null;
  readonly routes: readonly Network[];
  readonly excluded: readonly Network[];
  readonly captures: readonly Capture[];
  readonly names: readonly JudgedName[];
  readonly suffixes: readonly string[];
  readonly wantsResponder: boolean;
  /** The client's responder on loopback, by filter. */
  readonly responderListener: number | null;
  readonly mtu: number;
  /** Unix milliseconds. */
  readonly endsAt: number;
  readonly grantIds: readonly string[];
}

const mtuMax = 65_535;
const notGranted = (detail: string) => new Problem('HELPER_NOT_IN_GRANT', { detail });

/**
 * Judges a wish by the route grants that came with it, whose signatures were verified. Pure. Refuses HELPER_NOT_IN_GRANT,
 * HELPER_ROUTE_TOO_WIDE, HELPER_ROUTE_RESERVED, HELPER_NAME_RESERVED, HELPER_GRANT_INVALID.
 */
export function judgeWish(wish: Wish, grants: readonly RouteGrantClaims[]): Judged {
  if (new Set(grants.map(({ usr }) => usr)).size !== 1)
    throw new Problem('HELPER_GRANT_INVALID', { detail: 'The route grants belong to several persons.' });
  const { range, routes, allowed } =
    wish.shape === 'virtual' ? ofEntries(wish, grants) : ofSubnets(wish, grants);
  const { names, suffixes } = judgeNames(wish.dns, grants, routes);
  return {
    range,
    routes,
    excluded: excludedOf(wish.exclude, routes),
    captures: capturesOf(wish, allowed),
    names,
    suffixes,
    wantsResponder: wish.dns !== undefined,
    responderListener: wish.dns?.listener ?? null,
    mtu: mtuOf(wish.mtu, grants),
    endsAt: Math.min(...grants.map(({ exp }) => exp)) * 1000,
    grantIds: [...new Set(grants.map(({ sub }) => sub))],
  };
}

interface Allowed {
  readonly to: Network;
  readonly proto: string;
  readonly ports: readonly (readonly number[])[];
}

interface Routed {
  readonly range: Network | null;
  readonly routes: readonly Network[];
  readonly allowed: readonly Allowed[];
}

function ofSubnets(wish: Wish, grants: readonly RouteGrantClaims[]): Routed {
  if (wish.virtual !== undefined) throw notGranted('Virtual addresses belong to the virtual shape.');
  const allowed = grants.flatMap(({ routes }) =>
    routes.map(({ cidr, ports, proto }) => ({ to: granted(cidr), ports, proto })),
  );
  if (allowed.length === 0) throw notGranted('The grant holds no network.');
  for (const { to } of allowed) refuseDangerous(to);
  return { range: null, routes: withoutInner(allowed.map(({ to }) => to)), allowed };
}

/** The control plane signs networks as they were written; bits below the prefix do not count. */
function granted(cidr: string): Network {
  const [address = '', bits = ''] = cidr.split('/');
  const single = parseNetwork(address);
  const prefix = Number(bits);
  if (single === null) throw new Problem('HELPER_GRANT_INVALID', { detail: `${cidr} is no network.` });
  const host = BigInt(single.prefix - prefix);
  return { version: single.version, first: (single.first >> host) << host, prefix };
}

function refuseDangerous(network: Network): void {
  if (isTooWide(network))
    throw new Problem('HELPER_ROUTE_TOO_WIDE', { detail: `${networkText(network)} is too wide.` });
  if (isNeverRouted(network))
    throw new Problem('HELPER_ROUTE_RESERVED', { detail: `${networkText(network)} is never routed.` });
}

/** A range has room for its own address, the device, the responder and one resource; it is no wider than a person's own. */
const rangePrefix = { narrowest: 30, widest: 16 };

function ofEntries({ virtual }: Wish, grants: readonly RouteGrantClaims[]): Routed {
  if (virtual === undefined) throw notGranted('The virtual shape needs its range and entries.');
  const range = parseNetwork(virtual.range);
  if (range === null || range.version !== 4 || !isVirtual(range))
    throw new Problem('HELPER_ROUTE_RESERVED', {
      detail: `${virtual.range} is not a range of virtual addresses.`,
    });
  if (range.prefix < rangePrefix.widest || range.prefix > rangePrefix.narrowest)
    throw new Problem('HELPER_ROUTE_TOO_WIDE', { detail: `${virtual.range} is not between /16 and /30.` });
  const signed = new Map(
    grants
      .filter((grant) => grant.virtual === true)
      .flatMap(({ names }) => names.map((one) => [one.name, one])),
  );
  const allowed = virtual.entries.flatMap(({ name, address, ports }) => {
    const known = signed.get(name.toLowerCase());
    if (known === undefined) throw notGranted(`${name} is not in the grant.`);
    if (known.address !== null && known.address !== address)
      throw notGranted(`${name} has another address in the grant.`);
    const to = parseNetwork(address);
    if (to === null || !isSingle(to) || !contains(range, to) || isOwnOf(range, to))
      throw notGranted(`${address} is not an address for ${name} in ${virtual.range}.`);
    return [
      { to, proto: 'tcp', ports: ports.filter(([proto]) => proto === 'tcp').map(([, port]) => [port, port]) },
      { to, proto: 'udp', ports: ports.filter(([proto]) => proto === 'udp').map(([, port]) => [port, port]) },
    ];
  });
  return { range, routes: withoutInner(allowed.map(({ to }) => to)), allowed };
}

/** The range's own address, the device, the responder and the last one are not for resources. */
function isOwnOf(range: Network, { first }: Network): boolean {
  return first <= hostOf(range, 2).first || (first === lastOf(range) && range.prefix < 30);
}

function excludedOf(exclude: readonly string[], routes: readonly Network[]): Network[] {
  const asked = exclude.map((text) => {
    const address = parseNetwork(text);
    if (address === null || !isSingle(address))
      throw new Problem('HELPER_PROTOCOL', { detail: `${text} is no address.` });
    return address;
  });
  const inside = asked.filter((address) => routes.some((route) => contains(route, address)));
  return withoutInner([...inside, ...routes.flatMap(reservedInside)]);
}

function capturesOf({ via, listeners = [] }: Wish, allowed: readonly Allowed[]): Capture[] {
  if (via === 'tun' && listeners.length > 0) throw notGranted('Listeners belong to the packet filter.');
  return listeners.map(({ to: text, ports, proto, listener }) => {
    const to = parseNetwork(text);
    const [from, until] = ports;
    const covered =
      to !== null &&
      from <= until &&
      allowed.some(
        (one) =>
          one.proto === proto &&
          contains(one.to, to) &&
          one.ports.some(([low, high]) => low! <= from && until <= high!),
      );
    if (to === null || !covered) throw notGranted(`${proto} ${text} ${from}-${until} is not in the grant.`);
    return { to, ports, proto, listener };
  });
}

function mtuOf(wanted: number | undefined, grants: readonly RouteGrantClaims[]): number {
  const most = Math.min(
    mtuMax,
    ...grants.flatMap(({ device }) => (device === undefined ? [] : [device.mtuMax])),
  );
  if (wanted !== undefined && wanted > most) throw notGranted(`An MTU of ${wanted} is more than ${most}.`);
  return wanted ?? most;
}
