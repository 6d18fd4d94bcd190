import type { Ids } from '@sallyport/effects';
import { personActor, type Person } from '../actor.ts';
import { happened } from '../audit-event.ts';
import { decided, refuse, type Decision } from '../decision.ts';
import { grantAt, type ActiveGrant, type Grant } from '../grant.ts';
import type { Instant } from '../ids.ts';
import { aboutLease, type Lease, type LeaseUse } from '../lease.ts';
import { limits } from '../limits.ts';

export interface LeaseTarget {
  readonly accountId: string;
  readonly region: string;
  readonly instanceId: string;
  readonly documentName: string;
}

/**
 * The grant, when this person may use it now. Refuses with GRANT_UNKNOWN (not theirs), GRANT_NOT_ACTIVE (not begun)
 * and GRANT_ENDED (with `endReason`).
 */
export function usableGrant(stored: Grant, person: Person, now: Instant): Decision<ActiveGrant> {
  const grant = grantAt(stored, now);
  if (grant.person.id !== person.id) return refuse('GRANT_UNKNOWN');
  if (grant.state === 'scheduled')
    return refuse('GRANT_NOT_ACTIVE', {
      detail: `The grant begins at ${new Date(grant.startsAt).toISOString()}.`,
    });
  if (grant.state === 'ended')
    return refuse('GRANT_ENDED', {
      detail: grant.endComment
        ? `The grant was ${grant.endReason}: ${grant.endComment}`
        : `The grant has ${endedWords(grant.endReason)}.`,
      extensions: { endReason: grant.endReason, endComment: grant.endComment },
    });
  return decided(grant, []);
}

function endedWords(reason: string): string {
  return reason === 'expired' ? 'expired' : `ended (${reason})`;
}

export interface LeaseFacts {
  readonly person: Person;
  /** Leases of this grant that are intended and not settled. */
  readonly inFlight: number;
  /** Leases of this person in the last minute. */
  readonly lastMinute: number;
  readonly target: LeaseTarget;
  /** What it is for, as whom and how kept: for the audit log. */
  readonly use?: LeaseUse;
  /** Gateways that the client found dead. */
  readonly avoided?: readonly string[];
  readonly now: Instant;
  readonly ids: Ids;
}

/**
 * Admits one issue of credentials: the intent, to be committed before STS is called. Refuses as
 * {@link usableGrant}, and with LEASE_LIMITED.
 */
export function intendLease(stored: Grant, facts: LeaseFacts): Decision<Lease & { state: 'intended' }> {
  const usable = usableGrant(stored, facts.person, facts.now);
  if (!usable.ok) return usable;
  const grant = usable.next;
  if (facts.inFlight >= limits.leasesInFlightMax)
    return refuse('LEASE_LIMITED', {
      detail: 'Too many leases of this grant are under way.',
      retryAfterSeconds: 5,
    });
  if (facts.lastMinute >= limits.leasesPerMinuteMax)
    return refuse('LEASE_LIMITED', {
      detail: `${limits.leasesPerMinuteMax} leases a minute are allowed.`,
      retryAfterSeconds: 60,
    });
  const usefulUntil = Math.min(facts.now + limits.leaseSeconds * 1000, grant.endsAt);
  const lease: Lease & { state: 'intended' } = {
    id: facts.ids.make('lse'),
    version: 1,
    state: 'intended',
    grantId: grant.id,
    requestId: grant.requestId,
    person: grant.person,
    resource: grant.resource,
    intendedAt: facts.now,
    usefulUntil,
    ...facts.target,
  };
  const { instanceId, documentName } = facts.target;
  const occasion = { actor: personActor(facts.person), now: facts.now, ids: facts.ids };
  return decided(lease, [
    happened(occasion, 'lease.intended', aboutLease(lease), {
      ...{ usefulUntil, instanceId, documentName },
      avoided: facts.avoided ?? [],
      ...(facts.use === undefined ? {} : { use: { ...facts.use } }),
    }),
  ]);
}

/** How the call to STS went; `unknown` when its answer was lost. */
export type LeaseOutcome =
  | { readonly state: 'issued'; readonly accessKeyId: string }
  | { readonly state: 'failed' | 'unknown'; readonly code: string };

/** Records how an intended lease came out. Refuses with LEASE_SETTLED when that is known already. */
export function settleLease(
  lease: Lease,
  outcome: LeaseOutcome,
  { now, ids }: { now: Instant; ids: Ids },
): Decision<Lease> {
  if (lease.state !== 'intended') return refuse('LEASE_SETTLED');
  const occasion = { actor: personActor(lease.person), now, ids };
  const base = { ...lease, version: lease.version + 1, settledAt: now };
  if (outcome.state === 'issued') {
    const { accessKeyId } = outcome;
    const next: Lease = { ...base, state: 'issued', accessKeyId };
    const { usefulUntil } = lease;
    return decided(next, [
      happened(occasion, 'lease.issued', aboutLease(next), { usefulUntil, accessKeyId }),
    ]);
  }
  const next: Lease = { ...base, state: outcome.state, failureCode: outcome.code };
  const type = outcome.state === 'failed' ? 'lease.failed' : 'lease.unknown';
  return decided(next, [happened(occasion, type, aboutLease(next), { code: outcome.code })]);
}
