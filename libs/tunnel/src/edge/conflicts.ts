import { Problem } from '@sallyport/problems';
import { contains, networkText, overlaps, parseNetwork, type Network } from './networks.ts';

/** A network that this machine already reaches in its own way. */
export interface ExistingRoute {
  readonly to: Network;
  readonly device: string;
  readonly via: string | null;
  /** The routing table as the system names it. */
  readonly table: string;
}

/** What the existing route is, as far as its device tells. */
export function ownerOf({ device, via }: ExistingRoute): string {
  if (/^sally\d+$/.test(device)) return 'another tunnel of Sallyport';
  if (/^(docker|br-|veth|cni|podman|virbr|lxc|lxd|flannel|cali|cilium|bridge1\d\d)/.test(device))
    return 'containers or virtual machines';
  if (/^(tun|tap|wg|utun|tailscale|zt|ppp|ipsec|nordlynx|proton|cscotun|gpd|vpn)/.test(device))
    return 'a VPN';
  return via === null ? 'the local network' : 'a route of this machine';
}

export function describe(route: ExistingRoute): string {
  const { to, device, via, table } = route;
  const way = `${via === null ? '' : ` via ${via}`} dev ${device}${table === 'main' ? '' : ` table ${table}`}`;
  return `${networkText(to)}${way} (${ownerOf(route)})`;
}

/**
 * Refuses what this machine already uses, before anything is changed. A default route is no conflict (nor the two halves that VPNs make of
 * it), and neither is a route to addresses that stay outside the tunnel anyway.
 * @throws Problem ROUTE_CONFLICT with both routes in its text and `existing` as a list.
 */
export function refuseConflicts(
  wanted: readonly Network[],
  existing: readonly ExistingRoute[],
  excluded: readonly Network[],
): void {
  for (const network of wanted) {
    const clashes = existing.filter(
      ({ to }) =>
        to.prefix > 1 && overlaps(network, to) && !excluded.some((address) => contains(address, to)),
    );
    const [first] = clashes;
    if (first === undefined) continue;
    throw new Problem('ROUTE_CONFLICT', {
      detail: `${networkText(network)} was asked for, and ${describe(first)} exists.`,
      extensions: { wanted: networkText(network), existing: clashes.map(describe) },
    });
  }
}

interface IpRoute {
  readonly dst?: string;
  readonly dev?: string;
  readonly gateway?: string;
  readonly table?: string | number;
  readonly type?: string;
  readonly protocol?: string | number;
}

/** Reads `ip -j route show table all`, both families. Local and broadcast entries are addresses, not ways. */
export function routesOf(json: string, version: 4 | 6): ExistingRoute[] {
  const routes = (json.trim() === '' ? [] : JSON.parse(json)) as IpRoute[];
  const found: ExistingRoute[] = [];
  for (const { dst, dev, gateway, table, type } of routes) {
    if (dst === undefined || dev === undefined || (type !== undefined && type !== 'unicast')) continue;
    const to = dst === 'default' ? null : parseNetwork(dst);
    if (to === null || to.version !== version) continue;
    // Links' own addresses of IPv6 are on every device and reach nothing else.
    if (version === 6 && (dst.startsWith('fe80:') || dst.startsWith('ff00:'))) continue;
    found.push({ to, device: dev, via: gateway ?? null, table: String(table ?? 'main') });
  }
  return found;
}

/** Reads `netstat -rn -f inet` or `inet6` of macOS, whose networks come shortened (`10.0/16`, `192.168.1`). */
export function routesOfNetstat(output: string, version: 4 | 6): ExistingRoute[] {
  const found: ExistingRoute[] = [];
  for (const line of output.split('\n')) {
    const [destination = '', gateway = '', , device = ''] = line.trim().split(/\s+/);
    if (device === '' || /^lo\d/.test(device)) continue;
    const to = netstatNetwork(destination.replace(/%\w+/, ''), version);
    if (to === null || (version === 6 && /^(fe80|ff)/.test(destination))) continue;
    found.push({ to, device, via: gateway.startsWith('link#') ? null : gateway, table: 'main' });
  }
  return found;
}

function netstatNetwork(text: string, version: 4 | 6): Network | null {
  if (version === 6) return text.includes(':') ? parseNetwork(text) : null;
  if (!/^\d+(\.\d+){0,3}(\/\d+)?$/.test(text)) return null;
  const [address = '', bits] = text.split('/');
  const parts = address.split('.');
  const prefix = bits ?? String(parts.length * 8);
  return parseNetwork(`${[...parts, '0', '0', '0'].slice(0, 4).join('.')}/${prefix}`);
}
