import type { NetworkSummary } from '../network/open-network.ts';
import { clean } from './text.ts';

/** What a person pastes: the CIDRs, or the listener in their place; for a resource with a port its address there and the one by its own name. */
export function networkAddresses(
  { port }: { readonly port: number | null },
  { way, proxy, cidrs, names }: NetworkSummary,
  url: string,
): readonly string[] {
  if (way !== 'pinned') return proxy === null ? cidrs : [proxy];
  return [url, ...names.map(({ name }) => `${name}:${port ?? ''}`)];
}

/** What stands between the person's programs and the network, one fact a line. */
export function networkLines(resource: string, summary: NetworkSummary): readonly string[] {
  const { way, via, device, mtu, proxy, excluded, instanceId, ssmSessionId, carries } = summary;
  const where =
    proxy !== null
      ? `SOCKS at ${proxy.replace(/^socks5h:\/\//u, '')}`
      : device === null
        ? 'the packet filter'
        : `device ${device} (MTU ${mtu ?? '?'})`;
  const lines = [
    `${clean(resource)}: ${where}${proxy !== null || via === 'port' ? ` for ${summary.cidrs.join(', ')}` : ''}, through ${clean(instanceId)}${way === 'ssh' ? ' by SSH' : ''}, session ${clean(ssmSessionId ?? 'none')}`,
    `  carries ${carries.map((what) => what.toUpperCase()).join(', ')}; names: ${namesText(summary)}`,
  ];
  if (excluded.length > 0) lines.push(`  stays outside: ${excluded.map(clean).join(', ')}`);
  return lines;
}

const systems: Readonly<Record<string, string>> = {
  resolved: 'systemd-resolved',
  'resolver-files': '/etc/resolver',
  hosts: '/etc/hosts',
};

function namesText({ names, suffixes, dns, proxy }: NetworkSummary): string {
  const own = [
    ...names.map(({ name, address }) => (address ? `${clean(name)} (${clean(address)})` : clean(name))),
    ...suffixes.map((suffix) => `*.${clean(suffix)}`),
  ];
  if (own.length === 0) return 'none';
  if (proxy !== null) return `${own.join(', ')} (ask the listener, socks5h)`;
  return `${own.join(', ')} by ${systems[dns] ?? 'no way that this system has'}`;
}
