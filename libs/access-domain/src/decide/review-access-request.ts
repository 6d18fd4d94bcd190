import type { Ids } from '@sallyport/effects';
import { favouring, objection, type PolicySet } from '../access-policy.ts';
import {
  aboutRequest,
  requestAt,
  type AccessRequest,
  type ClosedRequest,
  type PendingRequest,
  type Review,
} from '../access-request.ts';
import { inAnyGroup, personActor, systemActor, type Actor, type Person } from '../actor.ts';
import { happened, type AuditEvent } from '../audit-event.ts';
import { decided, refuse, type Decision, type Refusal } from '../decision.ts';
import { durationText } from '../duration.ts';
import { aboutGrant, type Grant } from '../grant.ts';
import type { Instant } from '../ids.ts';
import { limits } from '../limits.ts';
import type { OfferedResource } from '../resource.ts';
import { extendGrant, extensionPolicies, type GrantExtension } from './extend-grant.ts';

export interface NewReview {
  readonly verdict: 'approve' | 'deny';
  /** The digest of the facts that the reviewer saw. */
  readonly factsDigest: string;
  readonly comment: string | null;
  /** Names to approve; the others are denied. Null: all. */
  readonly only: readonly string[] | null;
  /** Shorter than asked, or null. */
  readonly durationSeconds: number | null;
}

export interface ReviewFacts {
  readonly reviewer: Person;
  /** The digest of the facts as they are now. */
  readonly currentDigest: string;
  /** The policies in force: what was admitted when it was asked for must be admitted still. */
  readonly policies: PolicySet;
  /** What the catalogue holds under the names asked for. */
  readonly resources: ReadonlyMap<string, OfferedResource>;
  /** The grant that an extension is for, as stored; null for other requests. */
  readonly extended: Grant | null;
  readonly now: Instant;
  readonly ids: Ids;
}

export interface Reviewed {
  readonly request: ClosedRequest;
  readonly review: Review;
  /** New ones. */
  readonly grants: readonly Grant[];
  /** Of an approved extension. */
  readonly extension: GrantExtension | null;
}

/** May this person answer this request? Never their own, whatever groups and roles they have. */
export function mayReview(request: AccessRequest, person: Person): boolean {
  return person.id !== request.requester.id && inAnyGroup(person, request.reviewers);
}

/**
 * One reviewer says yes or no. An approval gives a grant per approved item, whose time counts from the approval; that
 * of an extension moves the end of its grant.
 * Refuses with REVIEW_BY_REQUESTER, REVIEW_NOT_ALLOWED, REQUEST_NOT_PENDING, REVIEW_DIGEST_MISMATCH,
 * REVIEW_COMMENT_REQUIRED, REVIEW_COMMENT_TOO_LONG, REVIEW_ITEM_UNKNOWN and REVIEW_DURATION_INVALID, in this order;
 * an approval also with REQUEST_POLICY_CHANGED and, for an extension, GRANT_ENDED.
 */
export function reviewAccessRequest(
  stored: AccessRequest,
  command: NewReview,
  facts: ReviewFacts,
): Decision<Reviewed> {
  const request = requestAt(stored, facts.now);
  const { reviewer } = facts;
  if (reviewer.id === request.requester.id) return refuse('REVIEW_BY_REQUESTER');
  if (!inAnyGroup(reviewer, request.reviewers))
    return refuse('REVIEW_NOT_ALLOWED', { detail: `One of ${request.reviewers.join(', ')} has to answer.` });
  if (request.state !== 'pending')
    return refuse('REQUEST_NOT_PENDING', { detail: `The request is ${request.state}.` });
  if (command.factsDigest !== facts.currentDigest || request.factsDigest !== facts.currentDigest)
    return refuse('REVIEW_DIGEST_MISMATCH');
  const wrong = formRefusal(request, command);
  if (wrong) return { ok: false, refusal: wrong };
  const outdated = command.verdict === 'approve' ? outdatedRefusal(request, command, facts) : undefined;
  if (outdated) return { ok: false, refusal: outdated };
  return settle(request, command, personActor(reviewer), facts);
}

/**
 * A request rests on the policy copied when it was made; an approval also needs one in force that admits as much, now,
 * and lets this reviewer answer. Undefined when there is one for each item.
 */
function outdatedRefusal(
  request: PendingRequest,
  command: NewReview,
  { reviewer, policies, resources, extended }: ReviewFacts,
): Refusal | undefined {
  const wish = {
    durationSeconds: command.durationSeconds ?? request.durationSeconds,
    reason: request.reason,
  };
  for (const { resource } of request.items) {
    const { name } = resource;
    if (command.only !== null && !command.only.includes(name)) continue;
    const offered = resources.get(name);
    if (!offered || offered.notConnectable !== null)
      return { code: 'REQUEST_POLICY_CHANGED', detail: `${name} is no longer offered.` };
    const standing = favouring(policies, request.requester, offered);
    const admitting = extended
      ? extensionPolicies(standing, extended, wish)
      : standing.filter((policy) => objection(policy, wish) === undefined);
    if (admitting.length === 0)
      return {
        code: 'REQUEST_POLICY_CHANGED',
        detail: `No policy in force lets ${request.requester.email} have ${name} for ${durationText(wish.durationSeconds)}.`,
      };
    const answerable = admitting.some(
      (policy) => policy.approval === 'automatic' || inAnyGroup(reviewer, policy.reviewers),
    );
    if (!answerable)
      return {
        code: 'REVIEW_NOT_ALLOWED',
        detail: `By the policy in force, one of ${[...new Set(admitting.flatMap((policy) => policy.reviewers))].join(', ')} has to answer for ${name}.`,
      };
  }
  return undefined;
}

/** A policy answers by itself when every item's policy says so; undefined when a person has to. */
export function approveAutomatically(
  request: PendingRequest,
  facts: { now: Instant; ids: Ids; extended: Grant | null },
): Decision<Reviewed> | undefined {
  if (request.items.some((item) => item.policy.approval !== 'automatic')) return undefined;
  const yes: NewReview = {
    verdict: 'approve',
    factsDigest: request.factsDigest,
    comment: null,
    only: null,
    durationSeconds: null,
  };
  return settle(request, yes, systemActor, facts);
}

function formRefusal(request: PendingRequest, command: NewReview): Refusal | undefined {
  const comment = command.comment?.trim() ?? '';
  if (command.verdict === 'deny' && comment === '') return { code: 'REVIEW_COMMENT_REQUIRED' };
  if (comment.length > limits.commentCharactersMax)
    return {
      code: 'REVIEW_COMMENT_TOO_LONG',
      detail: `A comment has at most ${limits.commentCharactersMax} characters.`,
    };
  const names = request.items.map((item) => item.resource.name);
  const foreign = command.only?.find((name) => !names.includes(name));
  if (foreign !== undefined || command.only?.length === 0)
    return { code: 'REVIEW_ITEM_UNKNOWN', detail: `The request holds ${names.join(', ')}.` };
  const seconds = command.durationSeconds ?? request.durationSeconds;
  if (!Number.isSafeInteger(seconds) || seconds < limits.grantSecondsMin || seconds > request.durationSeconds)
    return {
      code: 'REVIEW_DURATION_INVALID',
      detail: `Grant ${limits.grantSecondsMin} s to ${durationText(request.durationSeconds)}, as asked or shorter.`,
    };
  return undefined;
}

function settle(
  request: PendingRequest,
  command: NewReview,
  actor: Actor,
  { now, ids, extended }: { now: Instant; ids: Ids; extended: Grant | null },
): Decision<Reviewed> {
  const seconds = command.durationSeconds ?? request.durationSeconds;
  const more =
    request.extends && extended && command.verdict === 'approve'
      ? extendGrant(extended, request, seconds, { now, ids })
      : undefined;
  if (more?.ok === false) return more;
  const approves = (name: string) =>
    command.verdict === 'approve' && (command.only === null || command.only.includes(name));
  const granted = seconds < request.durationSeconds ? ('narrowed' as const) : ('approved' as const);
  const grants: Grant[] = [];
  const items = request.items.map((item) => {
    if (!approves(item.resource.name)) return { ...item, state: 'denied' as const };
    const grant = more?.next.grant ?? newGrant(request, item, actor, seconds, { now, ids });
    if (!more) grants.push(grant);
    return { ...item, state: granted, grantId: grant.id };
  });
  const closed: ClosedRequest = {
    ...request,
    state: command.verdict === 'approve' ? 'approved' : 'denied',
    version: request.version + 1,
    decidedAt: now,
    items,
  };
  const review: Review = {
    id: ids.make('rev'),
    requestId: request.id,
    requesterId: request.requester.id,
    reviewer: actor.kind === 'person' ? { id: actor.id, name: actor.name, email: actor.email } : null,
    verdict: command.verdict,
    comment: command.comment?.trim() || null,
    factsDigest: command.factsDigest,
    durationSeconds: command.durationSeconds,
    at: now,
  };
  return decided({ request: closed, review, grants, extension: more?.next ?? null }, [
    ...eventsOf(closed, review, grants, actor, { now, ids, seconds }),
    ...(more?.events ?? []),
  ]);
}

function newGrant(
  request: PendingRequest,
  item: PendingRequest['items'][number],
  actor: Actor,
  seconds: number,
  { now, ids }: { now: Instant; ids: Ids },
): Grant {
  const startsAt = Math.max(now, request.startsAt ?? now);
  const { id, name, email } = request.requester;
  return {
    id: ids.make('grt'),
    version: 1,
    state: startsAt > now ? 'scheduled' : 'active',
    requestId: request.id,
    itemId: item.id,
    resource: item.resource,
    person: { id, name, email },
    approvedBy: actor.kind === 'person' ? { id: actor.id, name: actor.name, email: actor.email } : null,
    reviewers: item.policy.reviewers,
    reason: request.reason,
    createdAt: now,
    startsAt,
    endsAt: startsAt + seconds * 1000,
    extensions: 0,
  };
}

function eventsOf(
  request: ClosedRequest,
  review: Review,
  grants: readonly Grant[],
  actor: Actor,
  { now, ids, seconds }: { now: Instant; ids: Ids; seconds: number },
): AuditEvent[] {
  const occasion = { actor, now, ids };
  const about = aboutRequest(request);
  const denied = request.items.filter((item) => item.state === 'denied').map((item) => item.resource.name);
  const policies = [...new Set(request.items.map((item) => item.policy.name))];
  const recorded = happened(occasion, 'review.recorded', about, {
    verdict: review.verdict,
    automatic: review.reviewer === null,
    comment: review.comment,
    factsDigest: review.factsDigest,
    policies,
  });
  if (request.state === 'denied')
    return [recorded, happened(occasion, 'request.denied', about, { comment: review.comment ?? '' })];
  const approved = request.items.filter((item) => item.state !== 'denied');
  const approvedItems = { ...about, resources: approved.map((item) => item.resource) };
  return [
    recorded,
    happened(occasion, 'request.approved', approvedItems, {
      durationSeconds: seconds,
      denied,
      extension: request.extends !== null,
      automaticPolicies: review.reviewer === null ? policies : [],
    }),
    ...grants
      .filter((grant) => grant.state === 'active')
      .map((grant) =>
        happened({ ...occasion, actor: systemActor }, 'grant.activated', aboutGrant(grant), {
          startsAt: grant.startsAt,
          endsAt: grant.endsAt,
        }),
      ),
  ];
}
