import { BlockList, isIP } from 'node:net';
import { connectionSettings, endpointFor, gatewayHosts, instanceConnectApi } from '@sallyport/connect';
import { Problem } from '@sallyport/problems';
import { isLoopback } from '../settings/server-address.ts';
import type { World } from '../world.ts';
import { proxyNames } from '../daemon/wish.ts';

/** How names are asked for; the system's own way in the product. */
export interface NameSystem {
  /** Every address of a name; empty when there is none. */
  addresses(name: string): Promise<readonly string[]>;
  /** The resolvers of this machine. */
  resolvers(): readonly string[];
}

/** The names whose traffic must stay outside a tunnel: it carries the tunnel itself, or decides over it. */
export function ownHosts(world: Pick<World, 'env'>, server: URL, region: string): readonly string[] {
  const settings = connectionSettings(world.env);
  const hosts = [server.hostname];
  // A control plane on this machine names an endpoint on this machine with each lease.
  if (settings.configured !== undefined || !isLoopback(server.hostname)) {
    const rules = { controlPlane: server, ...settings };
    const { api, foreign } = endpointFor({ region, endpoint: null }, rules);
    hosts.push(api.hostname);
    // AWS names its gateway with each session, also beside a PrivateLink endpoint of the API: any of these may come.
    if (!foreign) hosts.push(...gatewayHosts(region, rules));
    hosts.push(instanceConnectApi({ region, endpoint: null }, rules).hostname);
  }
  hosts.push(...(settings.gatewayHosts ?? []));
  for (const name of proxyNames) {
    const written = world.env[name];
    if (/no_proxy/iu.test(name) || !written) continue;
    const text = written.includes('://') ? written : `http://${written}`;
    if (URL.canParse(text)) hosts.push(new URL(text).hostname);
  }
  return [...new Set(hosts.map((host) => host.replace(/^\[|\]$/gu, '')))].filter((host) => !isLoopback(host));
}

/** What the helper takes in one message. */
export const excludedMax = 64;

/**
 * Addresses inside the CIDRs that must stay outside the tunnel: those of {@link ownHosts} and the machine's resolvers. A name without an address now is passed over, it is not in
 * use either. Refuses with ROUTE_EXCLUSIONS_TOO_MANY: left out, one of them would lead the tunnel into itself.
 */
export async function excludedAddresses(
  hosts: readonly string[],
  names: NameSystem,
  cidrs: readonly string[],
): Promise<readonly string[]> {
  const found = await Promise.all(
    hosts.map(async (host) => (isIP(host) ? [host] : names.addresses(host).catch(() => []))),
  );
  const routed = within(cidrs);
  const all = [...found.flat(), ...names.resolvers().map(bare)];
  const inside = [...new Set(all)].filter(
    (address) => isIP(address) !== 0 && !isLoopback(address) && routed(address),
  );
  if (inside.length > excludedMax)
    throw new Problem('ROUTE_EXCLUSIONS_TOO_MANY', {
      detail: `${inside.length} addresses of the control plane, AWS, the proxy and the resolvers lie inside ${cidrs.join(', ')}; the helper takes ${excludedMax}.`,
    });
  return inside.sort();
}

function within(cidrs: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits = ''] = cidr.split('/');
    const family = isIP(address);
    if (family !== 0) list.addSubnet(address, Number(bits), family === 6 ? 'ipv6' : 'ipv4');
  }
  return (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** `[::1]:53` and `10.0.0.2:53` are how resolvers with a port are told. */
function bare(resolver: string): string {
  if (isIP(resolver)) return resolver;
  return /^\[(.+)\](?::\d+)?$/u.exec(resolver)?.[1] ?? resolver.replace(/:\d+$/u, '').replace(/%.*$/u, '');
}
