import type { PersonRef } from './actor.ts';
import type { GrantId, Instant, ItemId, RequestId } from './ids.ts';
import type { ResourceRef } from './resource.ts';

export const grantEndReasons = [
  'expired',
  'returned',
  'revoked',
  'superseded',
  'policy_changed',
  'leaver',
  'ticket_closed',
  'error',
] as const;
export type GrantEndReason = (typeof grantEndReasons)[number];

interface GrantBase {
  readonly id: GrantId;
  readonly version: number;
  readonly requestId: RequestId;
  readonly itemId: ItemId;
  readonly resource: ResourceRef;
  readonly person: PersonRef;
  /** Null when a policy approved by itself. */
  readonly approvedBy: PersonRef | null;
  /** Groups whose members may review the resource, hence revoke. */
  readonly reviewers: readonly string[];
  readonly reason: string;
  readonly createdAt: Instant;
  readonly startsAt: Instant;
  /** The last interval's end: extensions move it. */
  readonly endsAt: Instant;
  /** How often it was extended. */
  readonly extensions: number;
}

export interface ScheduledGrant extends GrantBase {
  readonly state: 'scheduled';
}
export interface ActiveGrant extends GrantBase {
  readonly state: 'active';
}
export interface EndedGrant extends GrantBase {
  readonly state: 'ended';
  readonly endedAt: Instant;
  readonly endReason: GrantEndReason;
  readonly endComment: string | null;
}

/** Permission that resulted from an approved item. */
export type Grant = ScheduledGrant | ActiveGrant | EndedGrant;

/**
 * The grant as it truly is at `now`: the comparison with the clock is authoritative, the stored state may lag behind
 * because the timer that tidies has not run yet.
 */
export function grantAt(grant: Grant, now: Instant): Grant {
  if (grant.state === 'ended') return grant;
  if (now >= grant.endsAt)
    return { ...grant, state: 'ended', endedAt: grant.endsAt, endReason: 'expired', endComment: null };
  if (grant.state === 'scheduled' && now >= grant.startsAt) return { ...grant, state: 'active' };
  return grant;
}

/** What events about a grant are about. */
export function aboutGrant(grant: Grant) {
  return {
    resources: [grant.resource],
    subject: grant.person,
    requestId: grant.requestId,
    grantId: grant.id,
  } as const;
}
