import type { Tunnel } from '@sallyport/connect';
import { Problem } from '@sallyport/problems';
import type { NetworkTarget, SocksListener } from '../socks/listener.ts';
import { isIP } from 'node:net';
import type { Reach } from '@sallyport/tunnel';
import { cidrsOf, takesName, takesTcp, type NetworkFacts } from './facts.ts';
import type { NetworkSummary } from './network-summary.ts';
import type { OpenNetwork } from './open-network.ts';
import type { OpenReach } from './system.ts';

/** A network as a SOCKS listener sees it: addresses of its routes, and names of its domains where the far side answers them. */
export function socksTarget(facts: NetworkFacts, reach: Reach): NetworkTarget {
  return {
    takes: ({ host, port }) =>
      isIP(host) === 0 ? takesName(facts, host) : takesTcp(facts, canonical(host), port),
    open: async ({ host, port }, signal) => {
      if (isIP(host)) return reach.openTcp({ address: canonical(host), port }, signal);
      const address = await addressOf(reach, host, signal);
      if (!takesTcp(facts, address, port))
        throw new Problem('FLOW_NOT_GRANTED', { detail: `${host} is ${address}, which is not granted.` });
      return reach.openTcp({ address, port }, signal);
    },
  };
}

async function addressOf(reach: Reach, name: string, signal: AbortSignal): Promise<string> {
  const plain = name.toLowerCase().replace(/\.$/u, '');
  for (const type of ['A', 'AAAA'] as const) {
    const answer = await reach.resolve?.(plain, type, signal);
    const [address] = answer?.addresses ?? [];
    if (address !== undefined) return address;
  }
  throw new Problem('FLOW_UNREACHABLE', { detail: `${plain} has no address in the granted network.` });
}

const canonical = (address: string) => address.toLowerCase();

/** A network without routes: what programs reach by a SOCKS listener, if it has one of its own. */
export function networkByPort(
  tunnel: Tunnel,
  facts: NetworkFacts,
  { reach, close, down, lost = new Promise(() => undefined) }: OpenReach,
  listener: SocksListener | undefined,
): OpenNetwork {
  const flows = () => tunnel.snapshot().flows;
  return {
    reach,
    lost,
    get summary(): NetworkSummary {
      const session = tunnel.snapshot().sessions.find(({ ssmSessionId }) => ssmSessionId !== null);
      return {
        ...{ via: 'port', way: facts.way, device: null, mtu: null, addresses: [], excluded: [], names: [] },
        ...{ cidrs: cidrsOf(facts), suffixes: facts.suffixes, dns: 'none', responder: null },
        carries: ['tcp'],
        instanceId: tunnel.lease?.instanceId ?? '',
        ssmSessionId: session?.ssmSessionId ?? null,
        proxy: listener === undefined ? null : `socks5h://${listener.host}:${listener.port}`,
      };
    },
    counters: () => ({ flows: flows(), packets: 0, drops: {} }),
    refresh: async () => undefined,
    down: () => down?.(),
    recovered: async () => undefined,
    close: async () => {
      await Promise.allSettled([listener?.close(), close()]);
    },
  };
}
