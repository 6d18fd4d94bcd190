import type { Ids } from '@sallyport/effects';
import { hasRole, personActor, systemActor, type Actor, type Person } from '../actor.ts';
import { happened, type AuditEvent } from '../audit-event.ts';
import { decided, refuse, type Decision } from '../decision.ts';
import { grantAt, type Grant } from '../grant.ts';
import type { Instant } from '../ids.ts';
import { leaseAt, type Lease } from '../lease.ts';
import { limits } from '../limits.ts';
import {
  aboutSession,
  type ClosedSession,
  type LiveSession,
  type LossReason,
  type Session,
  type SessionEndReason,
} from '../session.ts';
import { usableGrant } from './issue-lease.ts';

interface Moment {
  readonly now: Instant;
  readonly ids: Ids;
}

export interface OpenSession {
  readonly person: Person;
  readonly lease: Lease;
  readonly clientVersion: string;
  readonly localPort: number | null;
  /** Where the lease's document leads; the host is null for a port of the instance itself. */
  readonly target?: { readonly host: string | null; readonly port: number };
  /** Sessions of the grant that are not closed. */
  readonly live: number;
}

/**
 * A person begins to use a grant. Refuses as `usableGrant`, with LEASE_UNKNOWN when the lease is not of it,
 * with LEASE_ENDED when it has lapsed or was cut, and with SESSION_LIMITED.
 */
export function openSession(
  stored: Grant,
  command: OpenSession,
  { now, ids }: Moment,
): Decision<LiveSession> {
  const usable = usableGrant(stored, command.person, now);
  if (!usable.ok) return usable;
  if (command.lease.grantId !== usable.next.id) return refuse('LEASE_UNKNOWN');
  const lease = leaseAt(command.lease, usable.next, now);
  if (lease.state === 'lapsed')
    return refuse('LEASE_ENDED', {
      detail: `The lease was useful until ${new Date(lease.usefulUntil).toISOString()}.`,
    });
  if (lease.state === 'cut') return refuse('LEASE_ENDED', { detail: 'The lease was cut with its grant.' });
  if (lease.state !== 'issued') return refuse('LEASE_UNKNOWN');
  if (command.live >= limits.liveSessionsPerGrantMax)
    return refuse('SESSION_LIMITED', {
      detail: `At most ${limits.liveSessionsPerGrantMax} sessions of a grant may be open.`,
      retryAfterSeconds: limits.heartbeatSilenceSeconds,
    });
  const session: LiveSession = {
    id: ids.make('ses'),
    version: 1,
    state: 'opening',
    grantId: usable.next.id,
    requestId: usable.next.requestId,
    leaseId: lease.id,
    person: usable.next.person,
    resource: usable.next.resource,
    instanceId: lease.instanceId,
    ssmSessionId: null,
    clientVersion: command.clientVersion,
    localPort: command.localPort,
    openedAt: now,
    lastSeenAt: now,
    bytesUp: 0,
    bytesDown: 0,
  };
  const { clientVersion, localPort, instanceId } = session;
  const occasion = { actor: personActor(session.person), now, ids };
  return decided(session, [
    happened(occasion, 'session.opened', aboutSession(session), {
      ...{ clientVersion, localPort, instanceId },
      documentName: lease.documentName,
      ...(command.target ? { target: command.target } : {}),
    }),
  ]);
}

export interface Heartbeat {
  readonly state: 'open' | 'reconnecting';
  readonly ssmSessionId: string | null;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Why the connection was lost since the beat before, although it may be back; null when it was not. */
  readonly lost: LossReason | null;
}

/** Told to the client in answer to a heartbeat: end now, and why. */
export interface CloseOrder {
  readonly code: 'GRANT_ENDED' | 'SESSION_TERMINATED';
  readonly reason: string;
  readonly comment: string | null;
}

/**
 * The client says that it lives, how it is and how much went through. A session whose grant has ended, that was cut
 * or that is closed already is told to end; a closed one stays as it is. Refuses with SESSION_UNKNOWN (not theirs).
 */
export function hearSession(
  session: Session,
  beat: Heartbeat,
  facts: { person: Person; grant: Grant },
  { now, ids }: Moment,
): Decision<{ session: Session; close: CloseOrder | null }> {
  if (session.person.id !== facts.person.id) return refuse('SESSION_UNKNOWN');
  const grant = grantAt(facts.grant, now);
  const close = closeOrder(session, grant);
  if (session.state === 'closed') return decided({ session, close }, []);
  const heard = {
    ...session,
    version: session.version + 1,
    lastSeenAt: Math.max(session.lastSeenAt, now),
    ssmSessionId: beat.ssmSessionId ?? session.ssmSessionId,
    bytesUp: Math.max(session.bytesUp, beat.bytesUp),
    bytesDown: Math.max(session.bytesDown, beat.bytesDown),
  };
  if (close) {
    const endReason = session.state === 'closing' ? session.endReason : reasonOf(grant);
    const cut = session.state === 'closing' ? session.cut : null;
    return decided({ session: { ...heard, state: 'closing', endReason, cut }, close }, []);
  }
  const next = {
    ...heard,
    state: session.state === 'opening' && beat.state === 'reconnecting' ? 'opening' : beat.state,
  } as LiveSession;
  return decided({ session: next, close: null }, transitionEvents(session, next, beat.lost, { now, ids }));
}

/** Ends of a connection that are recorded also when it was back before the next beat: what ended it did not live. */
const recordedAlways: readonly (LossReason | null)[] = ['agent_dead', 'peer_dead'];

function transitionEvents(
  before: Session,
  after: LiveSession,
  lost: LossReason | null,
  { now, ids }: Moment,
): AuditEvent[] {
  const occasion = { actor: personActor(after.person), now, ids };
  const about = aboutSession(after);
  const between = before.state === 'open' && after.state === 'open' && recordedAlways.includes(lost);
  const steps = between ? (['reconnecting', 'open'] as const) : [after.state];
  if (!between && before.state === after.state) return [];
  return steps.map((state) =>
    state === 'open'
      ? happened(occasion, 'session.connected', about, { ssmSessionId: after.ssmSessionId })
      : happened(occasion, 'session.reconnecting', about, { reason: lost }),
  );
}

function closeOrder(session: Session, grant: Grant): CloseOrder | null {
  if (session.state === 'closing' || session.state === 'closed') {
    if (session.cut)
      return { code: 'SESSION_TERMINATED', reason: session.endReason, comment: session.cut.comment };
    if (grant.state !== 'ended')
      return { code: 'SESSION_TERMINATED', reason: session.endReason, comment: null };
  }
  return grant.state === 'ended'
    ? { code: 'GRANT_ENDED', reason: grant.endReason, comment: grant.endComment }
    : null;
}

/** Why the sessions of an ended grant end. */
export function reasonOf(grant: Grant): SessionEndReason {
  return grant.state === 'ended' && grant.endReason === 'revoked' ? 'revoked' : 'grant_ended';
}

export interface CloseSession {
  readonly reason: SessionEndReason;
  readonly actor: Actor;
  readonly bytesUp?: number;
  readonly bytesDown?: number;
}

/**
 * A session ends. The reason of a session that was told to end wins over the one the client gives; one that is closed
 * already stays as it is, without an event.
 */
export function closeSession(
  session: Session,
  command: CloseSession,
  { now, ids }: Moment,
): Decision<ClosedSession> {
  if (session.state === 'closed') return decided(session, []);
  const told = session.state === 'closing' ? session : undefined;
  const next: ClosedSession = {
    ...session,
    state: 'closed',
    version: session.version + 1,
    closedAt: now,
    endReason: told?.endReason ?? command.reason,
    cut: told?.cut ?? null,
    bytesUp: Math.max(session.bytesUp, command.bytesUp ?? 0),
    bytesDown: Math.max(session.bytesDown, command.bytesDown ?? 0),
  };
  const { endReason: reason, bytesUp, bytesDown } = next;
  const seconds = Math.round((now - session.openedAt) / 1000);
  return decided(next, [
    happened({ actor: command.actor, now, ids }, 'session.closed', aboutSession(next), {
      reason,
      bytesUp,
      bytesDown,
      seconds,
    }),
  ]);
}

/** The client has been silent for too long: closed(network), or the reason it was told to end for. */
export function loseSession(session: Session, moment: Moment): Decision<ClosedSession> {
  if (session.state === 'closed' || moment.now < session.lastSeenAt + limits.heartbeatSilenceSeconds * 1000)
    return refuse('SESSION_NOT_SILENT');
  return closeSession(session, { reason: 'network', actor: systemActor }, moment);
}

/**
 * An administrator cuts this one session; the grant stays. Refuses with ROLE_MISSING, REASON_REQUIRED,
 * REASON_TOO_LONG and SESSION_CLOSED.
 */
export function terminateSession(
  session: Session,
  command: { person: Person; reason: string },
  { now, ids }: Moment,
): Decision<LiveSession & { state: 'closing' }> {
  const reason = command.reason.trim();
  if (!hasRole(command.person, 'admin')) return refuse('ROLE_MISSING');
  if (reason === '') return refuse('REASON_REQUIRED', { detail: 'Say why; the person sees it.' });
  if (reason.length > limits.reasonCharactersMax)
    return refuse('REASON_TOO_LONG', {
      detail: `At most ${limits.reasonCharactersMax} characters are allowed.`,
    });
  if (session.state === 'closed') return refuse('SESSION_CLOSED');
  const next: LiveSession & { state: 'closing' } = {
    ...session,
    state: 'closing',
    version: session.version + 1,
    endReason: 'revoked',
    cut: { by: command.person.email, comment: reason },
  };
  const occasion = { actor: personActor(command.person), now, ids };
  return decided(next, [happened(occasion, 'session.terminated', aboutSession(next), { reason })]);
}
