import type { Tunnel } from '@sallyport/connect';
import type { Reach, Router } from '@sallyport/tunnel';
import type { Opened } from '@sallyport/tunnel/helper-messages';
import type { NetworkFacts, Via } from './facts.ts';
import type { OwnNames } from './route-grant.ts';

/** What a person is told of an open network, and what other processes may ask of it. */
export interface NetworkSummary {
  readonly via: Via;
  readonly way: 'agent' | 'ssh' | 'pinned';
  readonly device: string | null;
  readonly mtu: number | null;
  /** The device's own addresses. */
  readonly addresses: readonly string[];
  /** What leads into it. */
  readonly cidrs: readonly string[];
  /** Addresses inside the CIDRs that stay outside. */
  readonly excluded: readonly string[];
  readonly names: OwnNames['names'];
  readonly suffixes: readonly string[];
  /** How names are found: `resolved`, `resolver-files`, `hosts` (whole names alone) or `none`. */
  readonly dns: string;
  /** Whom programs may ask for names below the suffixes, also where the system does not. */
  readonly responder: string | null;
  readonly carries: readonly string[];
  readonly instanceId: string;
  readonly ssmSessionId: string | null;
  /** SOCKS listener, where there are no routes. */
  readonly proxy: string | null;
}

/** What went through an open network and what did not. */
export interface NetworkCounters {
  /** Conversations that are open. */
  readonly flows: number;
  readonly packets: number;
  /** Packets that went nowhere, by reason. */
  readonly drops: Readonly<Record<string, number>>;
}

export interface SummaryParts {
  readonly via: 'tun' | 'filter';
  readonly facts: NetworkFacts | null;
  /** What stands now at the helper. */
  readonly opened: Opened;
  readonly own: OwnNames;
  readonly reach: Pick<Reach, 'carries'>;
  readonly tunnel: Pick<Tunnel, 'snapshot' | 'lease'>;
}

/** A network by a device or the packet filter, as it stands. */
export function summaryOf({ via, facts, opened, own, reach, tunnel }: SummaryParts): NetworkSummary {
  const { device, mtu, address4, address6, responder4, responder6, routes, excluded, dns } = opened;
  const session = tunnel.snapshot().sessions.find(({ ssmSessionId }) => ssmSessionId !== null);
  // What was granted, as far as the far side carries it; the packet filter leads no pings.
  const granted = (what: string) => facts === null || facts.carries.some((one) => one === what);
  const carries = [...reach.carries].filter((what) => granted(what) && (via === 'tun' || what !== 'icmp'));
  return {
    ...{ via, device, carries, proxy: null, ...own },
    // The helper writes every route as a network; these are single addresses to whoever named them.
    excluded: excluded.map((address) => address.replace(/\/(?:32|128)$/u, '')),
    mtu: device === null ? null : mtu,
    way: facts?.way ?? 'pinned',
    addresses: device === null ? [] : [address4, address6].filter((address) => address !== null),
    cidrs: routes,
    dns: dns.how,
    responder: own.suffixes.length > 0 ? (responder4 ?? responder6) : null,
    instanceId: tunnel.lease?.instanceId ?? '',
    ssmSessionId: session?.ssmSessionId ?? null,
  };
}

export function countersOf(router: Pick<Router, 'counters'>): NetworkCounters {
  const { flows, packets, drops } = router.counters();
  return { flows: flows.tcp + flows.udp, packets, drops };
}
