import type { LossReason, TunnelState } from './tunnel-options.ts';

/** How a tunnel is: as wished, reached slowly, getting a session back, or held up by the pace of its sessions. */
export type TunnelHealth = 'good' | 'slow' | 'reconnecting' | 'limited';

export type MemberState = 'starting' | 'open' | 'reconnecting' | 'closed';

/** One Session Manager session of a tunnel. Bytes are the person's own. */
export interface SessionSnapshot {
  /** Null until AWS has given one. */
  readonly ssmSessionId: string | null;
  readonly instanceId: string | null;
  readonly state: MemberState;
  readonly flows: number;
  /** Smoothed round trip of acknowledgements; null until one was measured. */
  readonly rttMs: number | null;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Messages sent more than once. */
  readonly retransmitted: number;
}

/** A tunnel as it is now, for `ps` and metrics. Rates are bytes per second over the last seconds. */
export interface TunnelSnapshot {
  readonly state: TunnelState;
  /** Where programs connect; empty and 0 when it listens on a socket file or nowhere. */
  readonly host: string;
  readonly port: number;
  readonly endsAt: string;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly rateUp: number;
  readonly rateDown: number;
  /** The best of the sessions' round trips. */
  readonly rttMs: number | null;
  readonly flows: number;
  readonly sessions: readonly SessionSnapshot[];
  /** How often a session had to be got back, by what happened to it. */
  readonly reconnects: Readonly<Partial<Record<LossReason, number>>>;
  readonly health: TunnelHealth;
  /** Whether what flows is about what one session of AWS's agent carries, so that the session is the limit. */
  readonly limitedBySession: boolean;
}

/** A round trip that people feel at every key. */
const slowRttMs = 1_000;

/** What the parts of a snapshot amount to. */
export function healthOf(is: { down: boolean; limited: boolean; rttMs: number | null }): TunnelHealth {
  if (is.down) return 'reconnecting';
  if (is.limited) return 'limited';
  return is.rttMs !== null && is.rttMs >= slowRttMs ? 'slow' : 'good';
}
