import type { Ids } from '@sallyport/effects';
import { extensionRuleOf, favouring, type AccessPolicy, type PolicySet } from '../access-policy.ts';
import { aboutRequest, type PendingRequest, type RequestItem } from '../access-request.ts';
import { personActor, systemActor, type Person } from '../actor.ts';
import { happened } from '../audit-event.ts';
import { decided, refuse, type Decision } from '../decision.ts';
import { durationText } from '../duration.ts';
import { aboutGrant, type ActiveGrant, type Grant } from '../grant.ts';
import type { Instant } from '../ids.ts';
import type { OfferedResource } from '../resource.ts';
import { usableGrant } from './issue-lease.ts';
import { limitRefusal, wishRefusal, type DraftRequest } from './submit-access-request.ts';

export interface ExtendGrant {
  readonly durationSeconds: number;
  /** Null: the reason of the grant still holds. */
  readonly reason: string | null;
  readonly ticket: string | null;
  /** The end that the person saw, so that a repeated command does not extend twice; null: whatever it is. */
  readonly seenEndsAt: Instant | null;
}

export interface ExtendFacts {
  readonly requester: Person;
  readonly policies: PolicySet;
  /** What the catalogue holds under the grant's name. */
  readonly resource: OfferedResource | undefined;
  /** Whether the person has a request for the resource that waits. */
  readonly waiting: boolean;
  /** Requests of the last hour that somebody has to read. */
  readonly askedLastHour: number;
  /** Requests of the last hour that policies approved by themselves. */
  readonly automaticLastHour: number;
  readonly now: Instant;
  readonly ids: Ids;
}

/** What is left of a policy's budget for a grant. Whole seconds, 0 when nothing is. */
export interface ExtensionRoom {
  readonly secondsMax: number;
  /** Of these, what would be approved by itself at once. */
  readonly automaticSecondsMax: number;
}

/** What a policy, taken whole, leaves for extensions of a grant; undefined when it never extends. */
export function extensionRoom(
  policy: AccessPolicy,
  grant: Pick<Grant, 'startsAt' | 'endsAt' | 'extensions'>,
): ExtensionRoom | undefined {
  const rule = extensionRuleOf(policy);
  if (rule === null) return undefined;
  const spentSeconds = Math.ceil((grant.endsAt - grant.startsAt) / 1000);
  const secondsMax = Math.max(0, rule.totalSecondsMax - spentSeconds);
  const { automatic } = rule;
  const byItself = automatic !== null && grant.extensions < automatic.times ? automatic.longestSeconds : 0;
  return { secondsMax, automaticSecondsMax: Math.min(secondsMax, byItself) };
}

/**
 * The policies that admit so much more time, each as it applies to the extension: its approval and reviewers are those
 * of the extension rule.
 */
export function extensionPolicies(
  policies: readonly AccessPolicy[],
  grant: Grant,
  wish: { readonly durationSeconds: number; readonly reason: string },
): AccessPolicy[] {
  return policies
    .filter((policy) => !policy.reasonRequired || wish.reason.trim() !== '')
    .flatMap((policy) => {
      const [rule, room] = [extensionRuleOf(policy), extensionRoom(policy, grant)];
      if (!rule || !room || wish.durationSeconds > room.secondsMax) return [];
      const automatic = wish.durationSeconds <= room.automaticSecondsMax;
      const approval = automatic ? ('automatic' as const) : ('review' as const);
      return [{ ...policy, approval, reviewers: rule.reviewers }];
    });
}

/**
 * A person asks for more time on a grant that stands. Refuses as `usableGrant`, and with EXTENSION_END_MOVED,
 * RESOURCE_UNKNOWN, RESOURCE_NOT_CONNECTABLE, DURATION_INVALID, REASON_REQUIRED, REASON_TOO_LONG, TICKET_TOO_LONG,
 * EXTENSION_NOT_ALLOWED, EXTENSION_BUDGET_EXCEEDED, REQUEST_ALREADY_OPEN and REQUEST_LIMITED.
 */
export function requestExtension(
  stored: Grant,
  command: ExtendGrant,
  facts: ExtendFacts,
): Decision<DraftRequest> {
  const usable = usableGrant(stored, facts.requester, facts.now);
  if (!usable.ok) return usable;
  const grant = usable.next;
  if (command.seenEndsAt !== null && command.seenEndsAt !== grant.endsAt)
    return refuse('EXTENSION_END_MOVED', {
      detail: `The grant ends at ${new Date(grant.endsAt).toISOString()} by now.`,
      extensions: { endsAt: new Date(grant.endsAt).toISOString() },
    });
  const { resource } = facts;
  if (!resource)
    return refuse('RESOURCE_UNKNOWN', { detail: `${grant.resource.name} is no longer offered.` });
  if (resource.notConnectable !== null)
    return refuse('RESOURCE_NOT_CONNECTABLE', { detail: resource.notConnectable });
  const wish = { ...command, reason: command.reason?.trim() || grant.reason };
  const wrong = wishRefusal(wish);
  if (wrong) return { ok: false, refusal: wrong };
  const policies = favouring(facts.policies, facts.requester, resource);
  const admitting = extensionPolicies(policies, grant, wish);
  const policy = admitting.find(({ approval }) => approval === 'automatic') ?? admitting[0];
  if (!policy) return whyNone(grant, policies, wish);
  if (facts.waiting)
    return refuse('REQUEST_ALREADY_OPEN', {
      detail: `You have a request for ${resource.name} that waits for an answer.`,
    });
  const limited = limitRefusal(policy.approval === 'automatic', facts);
  if (limited) return { ok: false, refusal: limited };
  return submitted(grant, policy, wish, facts);
}

function submitted(
  grant: ActiveGrant,
  policy: AccessPolicy,
  wish: { durationSeconds: number; reason: string; ticket: string | null },
  { requester, policies, now, ids }: ExtendFacts,
): Decision<DraftRequest> {
  const item: RequestItem = {
    id: ids.make('itm'),
    resource: grant.resource,
    policy,
    state: 'pending',
    grantId: null,
  };
  const { durationSeconds, reason, ticket } = wish;
  const request: DraftRequest = {
    id: ids.make('req'),
    version: 1,
    state: 'pending',
    requester,
    items: [item],
    reason,
    ticket,
    durationSeconds,
    createdAt: now,
    startsAt: null,
    // There is nothing to extend after the end.
    lapsesAt: Math.min(now + policy.answerWithinSeconds * 1000, grant.endsAt),
    policyDigest: policies.digest,
    reviewers: policy.reviewers,
    extends: { grantId: grant.id, endedAt: null },
  };
  const details = { durationSeconds, reason, ticket, startsAt: null, extension: true };
  return decided(request, [
    happened(
      { actor: personActor(requester), now, ids },
      'request.submitted',
      aboutRequest({ ...request, factsDigest: '' }),
      details,
    ),
  ]);
}

function whyNone(
  grant: Grant,
  policies: readonly AccessPolicy[],
  wish: { durationSeconds: number; reason: string },
): { ok: false; refusal: Extract<Decision<never>, { ok: false }>['refusal'] } {
  const rooms = policies.flatMap((policy) => extensionRoom(policy, grant) ?? []);
  const { name } = grant.resource;
  if (rooms.length === 0)
    return refuse('EXTENSION_NOT_ALLOWED', { detail: `No policy lets you extend ${name}.` });
  const left = Math.max(...rooms.map((room) => room.secondsMax));
  if (wish.durationSeconds <= left)
    return refuse('REASON_REQUIRED', { detail: `Say why you need ${name} for longer.` });
  return refuse('EXTENSION_BUDGET_EXCEEDED', {
    detail:
      left === 0
        ? `The time that ${name} may be extended by is used up.`
        : `${name} may be extended by ${durationText(left)} more; you asked for ${durationText(wish.durationSeconds)}.`,
    extensions: { secondsLeft: left },
  });
}

/** A grant with more time: a further interval, from its end on, that an approval gave. */
export interface GrantExtension {
  readonly grant: ActiveGrant;
  readonly startsAt: Instant;
  readonly endsAt: Instant;
}

/**
 * Moves the end of a grant that stands; the new interval begins where the last one ends. Refuses with GRANT_ENDED, and
 * with GRANT_NOT_ACTIVE when the grant has not begun.
 */
export function extendGrant(
  stored: Grant,
  request: Pick<PendingRequest, 'requester'>,
  seconds: number,
  { now, ids }: { now: Instant; ids: Ids },
): Decision<GrantExtension> {
  const usable = usableGrant(stored, request.requester, now);
  if (!usable.ok) return usable;
  const startsAt = usable.next.endsAt;
  const endsAt = startsAt + seconds * 1000;
  const { version, extensions } = usable.next;
  const grant: ActiveGrant = {
    ...usable.next,
    version: version + 1,
    endsAt,
    extensions: extensions + 1,
  };
  return decided({ grant, startsAt, endsAt }, [
    happened({ actor: systemActor, now, ids }, 'grant.extended', aboutGrant(grant), {
      seconds,
      from: startsAt,
      endsAt,
    }),
  ]);
}
