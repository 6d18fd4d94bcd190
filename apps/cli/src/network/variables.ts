import type { ClientSettings } from '../clients/place.ts';
import type { NetworkSummary } from './network-summary.ts';

/** What programs need for a network: nothing but to know what is there; by SOCKS the variable that HTTP libraries read. */
export function networkSettings({
  cidrs,
  device,
  proxy,
}: Pick<NetworkSummary, 'cidrs' | 'device' | 'proxy'>): ClientSettings {
  return {
    url: proxy ?? cidrs.join(' '),
    env: {
      TUNNEL_CIDRS: cidrs.join(' '),
      ...(device === null ? {} : { TUNNEL_DEVICE: device }),
      ...(proxy === null ? {} : { ALL_PROXY: proxy, TUNNEL_SOCKS: proxy }),
    },
    clears: () => false,
    files: {},
  };
}

/** Variables under the resource's own name: CIDRs of a network, the virtual name and address of one resource. */
export function networkVariables(
  resource: string,
  { cidrs, names, way }: NetworkSummary,
): Record<string, string> {
  const own = `TUNNEL_${resource.toUpperCase().replace(/[^A-Z0-9]/gu, '_')}_`;
  if (way !== 'pinned') return { [`${own}CIDRS`]: cidrs.join(' ') };
  const [first] = names;
  if (!first) return {};
  return { [`${own}VIRTUAL_HOST`]: first.name, [`${own}VIRTUAL_ADDRESS`]: first.address ?? '' };
}
