import type { PersonRef } from './actor.ts';
import { grantAt, type Grant } from './grant.ts';
import type { GrantId, Instant, LeaseId } from './ids.ts';
import type { ResourceRef } from './resource.ts';

interface LeaseBase {
  readonly id: LeaseId;
  readonly version: number;
  readonly grantId: GrantId;
  readonly requestId: string;
  readonly person: PersonRef;
  readonly resource: ResourceRef;
  readonly intendedAt: Instant;
  /** The session policy's end: at most 120 s after the intent and never after the grant's end. */
  readonly usefulUntil: Instant;
  readonly accountId: string;
  readonly region: string;
  readonly instanceId: string;
  readonly documentName: string;
}

/** `settledAt` is when the outcome of the call to AWS was known; that it lapsed or was cut later does not move it. */
export type Lease = LeaseBase &
  (
    | { readonly state: 'intended' }
    | { readonly state: 'issued'; readonly settledAt: Instant; readonly accessKeyId: string }
    /** `failed` surely did not happen; `unknown` may have happened: the answer was lost. */
    | { readonly state: 'failed' | 'unknown'; readonly settledAt: Instant; readonly failureCode: string }
    | { readonly state: 'lapsed' | 'cut'; readonly settledAt: Instant }
  );

/** What a lease is for, in the words of the audit log. */
export type LeaseUse = {
  readonly purpose: string;
  /** The name of a listed command. */
  readonly command: string | null;
  /** The OS user of shells, commands and SSH. */
  readonly osUser: string | null;
  /** The KMS key that the session is encrypted with. */
  readonly keyArn: string | null;
  /** Where the instance logs what is shown. */
  readonly logs: string | null;
  readonly clientRecording: boolean;
};

/**
 * The lease as it truly is at `now`, against its own grant: lapsed when its time is over, cut when the grant ended
 * before that. The stored state may lag behind, as that of a grant.
 */
export function leaseAt(lease: Lease, grant: Grant, now: Instant): Lease {
  if (lease.state !== 'issued' && lease.state !== 'unknown') return lease;
  const seen = grantAt(grant, now);
  if (seen.state === 'ended' && seen.endedAt < lease.usefulUntil) return { ...lease, state: 'cut' };
  return now < lease.usefulUntil ? lease : { ...lease, state: 'lapsed' };
}

/** What events about a lease are about. */
export function aboutLease(lease: Lease) {
  return {
    resources: [lease.resource],
    subject: lease.person,
    requestId: lease.requestId,
    grantId: lease.grantId,
    leaseId: lease.id,
  } as const;
}
