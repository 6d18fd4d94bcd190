import type { NetworkSummary } from '../network/network-summary.ts';
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

/** How the names of a network are found, for whoever asks why one is not. */
export function foundHow({ via, dns }: { readonly via: string; readonly dns: string }): string {
  if (via === 'port') return 'they go to the far side with the SOCKS request, socks5h';
  return systems[dns] ?? 'no way that this system has; ask the responder';
}

function namesText({ names, suffixes, dns, proxy, responder }: NetworkSummary): string {
  const whole = names.map(({ name, address }) =>
    address ? `${clean(name)} (${clean(address)})` : clean(name),
  );
  const below = suffixes.map((suffix) => `*.${clean(suffix)}`);
  const own = [...whole, ...below];
  if (own.length === 0) return 'none';
  if (proxy !== null) return `${own.join(', ')} (ask the listener, socks5h)`;
  if (dns === 'resolved' || dns === 'resolver-files') return `${own.join(', ')} by ${systems[dns]}`;
  // This system asks one resolver for everything: it gets the names that the catalogue knows, and programs may ask for the others themselves.
  return [
    ...(whole.length === 0
      ? []
      : [`${whole.join(', ')} by ${systems[dns] ?? 'no way that this system has'}`]),
    ...(below.length === 0 ? [] : [`${below.join(', ')} by asking ${clean(responder ?? 'nobody')}`]),
  ].join('; ');
}
