import type { Tunnel } from '@sallyport/connect';
import type { OpenNetwork } from '../network/open-network.ts';

/** What a running tunnel tells about itself, for `tunnel ps`. Rates are bytes per second over the last seconds. */
export interface TunnelStatus {
  readonly state: string;
  readonly sessionId: string;
  readonly endsAt: string;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly rateUp: number;
  readonly rateDown: number;
  readonly rttMs: number | null;
  /** Sessions at AWS that carry it now. */
  readonly sessions: number;
  readonly health: string;
  /** Whether the pace of a session is what limits it. */
  readonly limitedBySession: boolean;
  /** Its addresses on this machine, where it has more than a port. */
  readonly network: NetworkStatus | null;
}

/** How an open network is at the moment. */
export interface NetworkStatus {
  readonly via: string;
  readonly way: string;
  readonly device: string | null;
  readonly mtu: number | null;
  readonly cidrs: readonly string[];
  readonly excluded: readonly string[];
  readonly names: readonly string[];
  readonly dns: string;
  readonly proxy: string | null;
  readonly flows: number;
  readonly packets: number;
  /** Packets that went nowhere, by reason. */
  readonly drops: Readonly<Record<string, number>>;
}

/** How a tunnel is at the moment. */
export function statusOf(tunnel: Tunnel, network: OpenNetwork | null = null): TunnelStatus {
  const { sessions, state, endsAt, bytesUp, bytesDown, rateUp, rateDown, rttMs, health, limitedBySession } =
    tunnel.snapshot();
  const carrying = sessions.filter((session) => session.state !== 'closed').length;
  const { sessionId } = tunnel;
  return {
    state,
    sessionId,
    endsAt,
    bytesUp,
    bytesDown,
    rateUp,
    rateDown,
    rttMs,
    sessions: carrying,
    health,
    limitedBySession,
    network: network && networkStatus(network),
  };
}

function networkStatus(network: OpenNetwork): NetworkStatus {
  const { via, way, device, mtu, cidrs, excluded, names, suffixes, dns, proxy } = network.summary;
  const found = [...names.map(({ name }) => name), ...suffixes.map((suffix) => `*.${suffix}`)];
  return { ...{ via, way, device, mtu, cidrs, excluded, dns, proxy }, names: found, ...network.counters() };
}

/** Reads a status that another process answered; what is missing is filled in with what says least. */
export function readStatus(answer: object): TunnelStatus {
  const given = answer as Partial<Record<keyof TunnelStatus, unknown>>;
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const count = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
  return {
    state: text(given.state),
    sessionId: text(given.sessionId),
    endsAt: text(given.endsAt),
    bytesUp: count(given.bytesUp),
    bytesDown: count(given.bytesDown),
    rateUp: count(given.rateUp),
    rateDown: count(given.rateDown),
    rttMs: typeof given.rttMs === 'number' ? given.rttMs : null,
    sessions: count(given.sessions),
    health: text(given.health) || 'good',
    limitedBySession: given.limitedBySession === true,
    network: readNetwork(given.network),
  };
}

function readNetwork(value: unknown): NetworkStatus | null {
  if (typeof value !== 'object' || value === null) return null;
  const given = value as Partial<Record<keyof NetworkStatus, unknown>>;
  const text = (member: unknown) => (typeof member === 'string' ? member : null);
  const texts = (member: unknown) =>
    Array.isArray(member) ? member.filter((item): item is string => typeof item === 'string') : [];
  const count = (member: unknown) => (typeof member === 'number' && Number.isFinite(member) ? member : 0);
  const drops = Object.entries(given.drops ?? {}).filter(([, dropped]) => typeof dropped === 'number');
  return {
    via: text(given.via) ?? '',
    way: text(given.way) ?? '',
    device: text(given.device),
    mtu: typeof given.mtu === 'number' ? given.mtu : null,
    cidrs: texts(given.cidrs),
    excluded: texts(given.excluded),
    names: texts(given.names),
    dns: text(given.dns) ?? '',
    proxy: text(given.proxy),
    flows: count(given.flows),
    packets: count(given.packets),
    drops: Object.fromEntries(drops),
  };
}
