/** Builders of valid objects; a test states only what matters to it. For tests only. */
import type { Ids } from '@sallyport/effects';
import type { AccessPolicy } from '../access-policy.ts';
import type { ReviewFacts } from '../decide/review-access-request.ts';
import type { PendingRequest } from '../access-request.ts';
import type { Person } from '../actor.ts';
import type { Grant } from '../grant.ts';
import type { Lease } from '../lease.ts';
import type { OfferedResource } from '../resource.ts';
import type { LiveSession } from '../session.ts';

/** Ids `grt_1`, `grt_2`, ... in the order they are made. */
export function countedIds(): Ids {
  let count = 0;
  return { make: (prefix) => `${prefix}_${++count}` };
}

export function aPerson(given: Partial<Person> = {}): Person {
  const name = given.name ?? 'engineer';
  return {
    id: `prs_${name}`,
    name,
    email: `${name}@example.com`,
    roles: ['engineer'],
    groups: ['engineers'],
    ...given,
  };
}

export const anApprover = (given: Partial<Person> = {}) =>
  aPerson({ name: 'approver', groups: ['engineers', 'db-owners'], ...given });

export function aResource(given: Partial<OfferedResource> = {}): OfferedResource {
  const name = given.name ?? 'prod-rds';
  return {
    id: `rsc_${name}`,
    name,
    kind: 'database',
    environment: 'production',
    tags: {},
    notConnectable: null,
    ...given,
  };
}

export function aPolicy(given: Partial<AccessPolicy> = {}): AccessPolicy {
  return {
    name: 'production-databases',
    resources: { environments: ['production'] },
    requesters: ['engineers'],
    approval: 'review',
    reviewers: ['db-owners'],
    longestSeconds: 4 * 3600,
    defaultSeconds: 3600,
    reasonRequired: true,
    reasonExample: 'INC-1',
    answerWithinSeconds: 86_400,
    ...given,
  };
}

export function aPendingRequest(given: Partial<PendingRequest> = {}): PendingRequest {
  const { id, name, kind } = aResource();
  return {
    id: 'req_1',
    version: 1,
    state: 'pending',
    requester: aPerson(),
    items: [
      { id: 'itm_1', resource: { id, name, kind }, policy: aPolicy(), state: 'pending', grantId: null },
    ],
    reason: 'INC-1',
    ticket: null,
    durationSeconds: 1800,
    createdAt: 0,
    startsAt: null,
    lapsesAt: 86_400_000,
    policyDigest: 'p',
    reviewers: ['db-owners'],
    factsDigest: 'f',
    extends: null,
    ...given,
  };
}

/** What a review rests on beside the request: the approver, the policy of {@link aPolicy} in force, the digest `f`. */
export function reviewFacts(given: Partial<ReviewFacts> = {}): ReviewFacts {
  const resource = aResource();
  return {
    reviewer: anApprover(),
    currentDigest: 'f',
    policies: { digest: 'p', policies: [aPolicy()] },
    resources: new Map([[resource.name, resource]]),
    extended: null,
    now: 0,
    ids: countedIds(),
    ...given,
  };
}

/** Active from 0 to 30 min. */
export function aGrant(given: Partial<Grant> = {}): Grant {
  const { id, name, kind } = aResource();
  const ref = ({ id: person, name: called, email }: Person) => ({ id: person, name: called, email });
  return {
    id: 'grt_1',
    version: 1,
    state: 'active',
    requestId: 'req_1',
    itemId: 'itm_1',
    resource: { id, name, kind },
    person: ref(aPerson()),
    approvedBy: ref(anApprover()),
    reviewers: ['db-owners'],
    reason: 'INC-1',
    createdAt: 0,
    startsAt: 0,
    endsAt: 1_800_000,
    extensions: 0,
    ...given,
  } as Grant;
}

export function anIssuedLease(given: Partial<Lease> = {}): Lease {
  const { resource, person } = aGrant();
  return {
    id: 'lse_1',
    version: 2,
    state: 'issued',
    grantId: 'grt_1',
    requestId: 'req_1',
    person,
    resource,
    intendedAt: 0,
    settledAt: 0,
    usefulUntil: 120_000,
    accountId: '111122223333',
    region: 'eu-west-1',
    instanceId: 'i-1',
    documentName: 'jit-fwd-1',
    accessKeyId: 'ASIA1',
    ...given,
  } as Lease;
}

export function aSession(given: Partial<LiveSession> = {}): LiveSession {
  const { resource, person } = aGrant();
  return {
    id: 'ses_1',
    version: 1,
    state: 'opening',
    grantId: 'grt_1',
    requestId: 'req_1',
    leaseId: 'lse_1',
    person,
    resource,
    instanceId: 'i-1',
    ssmSessionId: null,
    clientVersion: '0.1.0',
    localPort: null,
    openedAt: 0,
    lastSeenAt: 0,
    bytesUp: 0,
    bytesDown: 0,
    ...given,
  } as LiveSession;
}
