import type { PersonRef } from './actor.ts';
import type { GrantId, Instant, LeaseId, SessionId } from './ids.ts';
import type { ResourceRef } from './resource.ts';

export const sessionEndReasons = [
  'client_exit',
  'idle',
  'grant_ended',
  'revoked',
  'network',
  'gateway_lost',
  'limit',
  'error',
] as const;
/**
 * Why a client lost its connection: the gateway closed it, it broke, the gateway answered no more, the laptop woke or changed its network, the agent on the
 * gateway acknowledged nothing, AWS or the agent ended the session.
 */
export const lossReasons = [
  'service_close',
  'broken',
  'peer_dead',
  'woke',
  'network_changed',
  'agent_dead',
  'session_ended',
] as const;
export type LossReason = (typeof lossReasons)[number];

export type SessionEndReason = (typeof sessionEndReasons)[number];

interface SessionBase {
  readonly id: SessionId;
  readonly version: number;
  readonly grantId: GrantId;
  readonly requestId: string;
  readonly leaseId: LeaseId;
  readonly person: PersonRef;
  readonly resource: ResourceRef;
  readonly instanceId: string;
  readonly ssmSessionId: string | null;
  readonly clientVersion: string;
  readonly localPort: number | null;
  readonly openedAt: Instant;
  readonly lastSeenAt: Instant;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

export type LiveSession = SessionBase &
  (
    | { readonly state: 'opening' | 'open' | 'reconnecting' }
    /** Told to end, and why; waits for the client or the sweep. */
    | { readonly state: 'closing'; readonly endReason: SessionEndReason; readonly cut: Cut | null }
  );

/** An administrator's cut of this one session. */
export interface Cut {
  readonly by: string;
  readonly comment: string;
}

export type ClosedSession = SessionBase & {
  readonly state: 'closed';
  readonly closedAt: Instant;
  readonly endReason: SessionEndReason;
  readonly cut: Cut | null;
};

/** One use of a grant toward a resource. */
export type Session = LiveSession | ClosedSession;

/** What events about a session are about. */
export function aboutSession(session: Session) {
  return {
    resources: [session.resource],
    subject: session.person,
    requestId: session.requestId,
    grantId: session.grantId,
    leaseId: session.leaseId,
    sessionId: session.id,
  } as const;
}
