import type { PersonRef } from './actor.ts';
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

export type Lease = LeaseBase &
  (
    | { readonly state: 'intended' }
    | { readonly state: 'issued'; readonly settledAt: Instant; readonly accessKeyId: string }
    /** `failed` surely did not happen; `unknown` may have happened: the answer was lost. */
    | { readonly state: 'failed' | 'unknown'; readonly settledAt: Instant; readonly failureCode: string }
    | { readonly state: 'lapsed' | 'cut'; readonly settledAt: Instant }
  );

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
