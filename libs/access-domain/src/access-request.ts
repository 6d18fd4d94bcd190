import type { AccessPolicy } from './access-policy.ts';
import type { Person, PersonRef } from './actor.ts';
import type { GrantId, Instant, ItemId, RequestId, ReviewId } from './ids.ts';
import type { ResourceRef } from './resource.ts';

export type ItemState = 'pending' | 'approved' | 'denied' | 'narrowed';

/** One resource of a request, with the policy that admitted it, copied when it was asked for. */
export interface RequestItem {
  readonly id: ItemId;
  readonly resource: ResourceRef;
  readonly policy: AccessPolicy;
  readonly state: ItemState;
  readonly grantId: GrantId | null;
}

interface RequestBase {
  readonly id: RequestId;
  readonly version: number;
  readonly requester: Person;
  readonly items: readonly RequestItem[];
  readonly reason: string;
  readonly ticket: string | null;
  readonly durationSeconds: number;
  readonly createdAt: Instant;
  readonly startsAt: Instant | null;
  readonly lapsesAt: Instant;
  readonly policyDigest: string;
  /** Groups of which one member may answer. */
  readonly reviewers: readonly string[];
  readonly factsDigest: string;
  /** For more time on a grant, which has one item: the grant's resource. Null: for a grant of its own. */
  readonly extends: ExtendedGrant | null;
}

/** The grant that an extension is asked for. */
export interface ExtendedGrant {
  readonly grantId: GrantId;
  /** When that grant ended, if it has: nothing is left to extend then. */
  readonly endedAt: Instant | null;
}

export type PendingRequest = RequestBase & { readonly state: 'pending' };
export type ClosedRequest = RequestBase & {
  readonly state: 'approved' | 'denied' | 'cancelled' | 'lapsed';
  readonly decidedAt: Instant;
};

/** A person's wish for one or more resources. */
export type AccessRequest = PendingRequest | ClosedRequest;

/** One reviewer's judgement, bound to the digest of the facts they were shown. */
export interface Review {
  readonly id: ReviewId;
  readonly requestId: RequestId;
  readonly requesterId: string;
  /** Null when a policy answered by itself. */
  readonly reviewer: PersonRef | null;
  readonly verdict: 'approve' | 'deny';
  readonly comment: string | null;
  readonly factsDigest: string;
  /** Shorter than asked, when the reviewer said so. */
  readonly durationSeconds: number | null;
  readonly at: Instant;
}

/** When an unanswered request is over: its time to answer is, or the grant that it would extend has ended. */
export function lapseOf(request: AccessRequest): Instant {
  return Math.min(request.lapsesAt, request.extends?.endedAt ?? request.lapsesAt);
}

/** The request as it truly is at `now`: one whose time to answer is over has lapsed, whether or not a timer ran. */
export function requestAt(request: AccessRequest, now: Instant): AccessRequest {
  const over = lapseOf(request);
  return request.state === 'pending' && now >= over
    ? { ...request, state: 'lapsed', decidedAt: over }
    : request;
}

/** What events about a request are about. */
export function aboutRequest(request: AccessRequest) {
  return {
    resources: request.items.map((item) => item.resource),
    subject: { id: request.requester.id, name: request.requester.name, email: request.requester.email },
    requestId: request.id,
    ...(request.extends ? { grantId: request.extends.grantId } : {}),
  } as const;
}
