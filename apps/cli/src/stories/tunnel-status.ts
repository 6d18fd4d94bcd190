import type { Tunnel } from '@sallyport/connect';

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
}

/** How a tunnel is at the moment. */
export function statusOf(tunnel: Tunnel): TunnelStatus {
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
  };
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
  };
}
