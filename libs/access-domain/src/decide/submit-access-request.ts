import type { Ids } from '@sallyport/effects';
import {
  choosePolicy,
  covering,
  favouring,
  hindrance,
  maySee,
  objection,
  type AccessPolicy,
  type PolicySet,
} from '../access-policy.ts';
import { aboutRequest, type PendingRequest, type RequestItem } from '../access-request.ts';
import { personActor, type Person } from '../actor.ts';
import { happened } from '../audit-event.ts';
import { decided, refuse, type Decision, type Refusal } from '../decision.ts';
import { durationText } from '../duration.ts';
import type { Instant } from '../ids.ts';
import { limits } from '../limits.ts';
import type { OfferedResource } from '../resource.ts';

export interface SubmitAccessRequest {
  readonly resources: readonly string[];
  readonly durationSeconds: number;
  readonly reason: string;
  readonly ticket: string | null;
  readonly startsAt: Instant | null;
}

export interface SubmitFacts {
  readonly requester: Person;
  readonly policies: PolicySet;
  /** What the catalogue holds under the names asked for. */
  readonly resources: ReadonlyMap<string, OfferedResource>;
  /** Names for which the person has a request that waits. */
  readonly waiting: ReadonlySet<string>;
  /** Requests of the last hour that somebody has to read. */
  readonly askedLastHour: number;
  /** Requests of the last hour that policies approved by themselves. */
  readonly automaticLastHour: number;
  readonly now: Instant;
  readonly ids: Ids;
}

/** The request without the digest of its facts, which the caller derives from it. */
export type DraftRequest = Omit<PendingRequest, 'factsDigest'>;

/**
 * A person asks for resources. Each item rests on one policy, taken whole, and the policy is copied into it. Refuses
 * with RESOURCE_UNKNOWN (not there or not to be known), REQUEST_NOT_ALLOWED, RESOURCE_NOT_CONNECTABLE,
 * DURATION_INVALID, REASON_TOO_LONG, REQUEST_DURATION_TOO_LONG, REASON_REQUIRED, REQUEST_ALREADY_OPEN and others.
 */
export function submitAccessRequest(
  command: SubmitAccessRequest,
  facts: SubmitFacts,
): Decision<DraftRequest> {
  const wrong = formRefusal(command, facts);
  if (wrong) return { ok: false, refusal: wrong };
  const items: RequestItem[] = [];
  for (const name of command.resources) {
    const item = admitItem(name, command, facts);
    if ('code' in item) return { ok: false, refusal: item };
    items.push(item);
  }
  const reviewers = commonReviewers(items.map((item) => item.policy));
  if (reviewers.length === 0 && items.some((item) => item.policy.approval === 'review'))
    return refuse('REQUEST_WITHOUT_COMMON_REVIEWER', {
      detail: `Nobody may answer for all of ${command.resources.join(', ')}: ask for them one by one.`,
    });
  const automatic = items.every((item) => item.policy.approval === 'automatic');
  const limited = limitRefusal(automatic, facts);
  if (limited) return { ok: false, refusal: limited };
  const answerWithin = Math.min(...items.map((item) => item.policy.answerWithinSeconds));
  const request: DraftRequest = {
    id: facts.ids.make('req'),
    version: 1,
    state: 'pending',
    requester: facts.requester,
    items,
    reason: command.reason.trim(),
    ticket: command.ticket,
    durationSeconds: command.durationSeconds,
    createdAt: facts.now,
    startsAt: command.startsAt,
    lapsesAt: facts.now + answerWithin * 1000,
    policyDigest: facts.policies.digest,
    reviewers,
    extends: null,
  };
  const { durationSeconds, reason, ticket, startsAt } = request;
  const occasion = { actor: personActor(facts.requester), now: facts.now, ids: facts.ids };
  return decided(request, [
    happened(occasion, 'request.submitted', aboutRequest({ ...request, factsDigest: '' }), {
      durationSeconds,
      reason,
      ticket,
      startsAt,
      extension: false,
    }),
  ]);
}

function formRefusal(command: SubmitAccessRequest, facts: SubmitFacts): Refusal | undefined {
  const { startsAt, resources } = command;
  if (resources.length === 0 || resources.length > limits.itemsMax)
    return {
      code: 'REQUEST_ITEMS_INVALID',
      detail: `Ask for 1 to ${limits.itemsMax} resources at once.`,
    };
  if (new Set(resources).size !== resources.length)
    return { code: 'REQUEST_ITEMS_INVALID', detail: 'A resource is named twice.' };
  if (
    startsAt !== null &&
    !(startsAt >= facts.now && startsAt <= facts.now + limits.startAheadSecondsMax * 1000)
  )
    return {
      code: 'START_INVALID',
      detail: `The start must lie between now and ${durationText(limits.startAheadSecondsMax)} ahead.`,
    };
  return wishRefusal(command);
}

/** What is wrong with the words of a wish, whoever asks and for what; undefined when nothing is. */
export function wishRefusal(
  wish: Pick<SubmitAccessRequest, 'durationSeconds' | 'reason' | 'ticket'>,
): Refusal | undefined {
  const { durationSeconds: seconds, reason, ticket } = wish;
  if (!Number.isSafeInteger(seconds) || seconds < limits.grantSecondsMin || seconds > limits.grantSecondsMax)
    return {
      code: 'DURATION_INVALID',
      detail: `The duration must be whole seconds from ${limits.grantSecondsMin} s to ${durationText(limits.grantSecondsMax)}.`,
    };
  if (reason.length > limits.reasonCharactersMax)
    return {
      code: 'REASON_TOO_LONG',
      detail: `The reason has ${reason.length} characters; ${limits.reasonCharactersMax} are allowed.`,
    };
  if ((ticket?.length ?? 0) > limits.ticketCharactersMax)
    return {
      code: 'TICKET_TOO_LONG',
      detail: `A ticket has at most ${limits.ticketCharactersMax} characters.`,
    };
  return undefined;
}

/** Too many of the same kind in the last hour; undefined when not. */
export function limitRefusal(
  automatic: boolean,
  facts: Pick<SubmitFacts, 'askedLastHour' | 'automaticLastHour'>,
): Refusal | undefined {
  const [count, most] = automatic
    ? [facts.automaticLastHour, limits.automaticRequestsPerHourMax]
    : [facts.askedLastHour, limits.requestsPerHourMax];
  if (count < most) return undefined;
  const kind = automatic ? ' that need no review' : '';
  return {
    code: 'REQUEST_LIMITED',
    detail: `${most} requests an hour${kind} are allowed.`,
    retryAfterSeconds: 600,
  };
}

function admitItem(name: string, command: SubmitAccessRequest, facts: SubmitFacts): RequestItem | Refusal {
  const resource = facts.resources.get(name);
  if (!resource || !maySee(facts.policies, facts.requester, resource))
    return { code: 'RESOURCE_UNKNOWN', detail: `There is no resource ${name}.` };
  const policies = favouring(facts.policies, facts.requester, resource);
  const [hindered] = covering(facts.policies, facts.requester, resource);
  const code = hindered && policies.length === 0 ? hindrance(hindered, resource) : undefined;
  if (code) return { code, detail: `${name} ${hindranceWords[code]}.` };
  if (policies.length === 0)
    return { code: 'REQUEST_NOT_ALLOWED', detail: `No policy lets you ask for ${name}.` };
  if (resource.notConnectable !== null)
    return { code: 'RESOURCE_NOT_CONNECTABLE', detail: resource.notConnectable };
  const policy = choosePolicy(policies, command);
  if (!policy) return whyNone(name, policies, command);
  if (facts.waiting.has(name))
    return {
      code: 'REQUEST_ALREADY_OPEN',
      detail: `You have a request for ${name} that waits for an answer.`,
    };
  const { id, kind } = resource;
  return { id: facts.ids.make('itm'), resource: { id, name, kind }, policy, state: 'pending', grantId: null };
}

const hindranceWords = {
  REQUEST_REACHES_EVERYTHING: 'would open everything that its gateway reaches, and no policy allows that',
  REQUEST_ENCRYPTION_DEMANDED:
    'is not encrypted with a KMS key, which the policy demands; AWS encrypts shells and commands so, and no ports',
  REQUEST_RECORDING_DEMANDED:
    'cannot be recorded by the client, which the policy demands; shells and commands can, where the auditors have a key',
} as const;

function whyNone(name: string, policies: readonly AccessPolicy[], command: SubmitAccessRequest): Refusal {
  const objections = policies.map((policy) => objection(policy, command));
  if (objections.includes('REASON_REQUIRED'))
    return {
      code: 'REASON_REQUIRED',
      detail: `Say why you need ${name}, for example: ${policies[0]?.reasonExample}`,
    };
  const longest = Math.max(...policies.map((policy) => policy.longestSeconds));
  return {
    code: 'REQUEST_DURATION_TOO_LONG',
    detail: `${name} is granted for at most ${durationText(longest)}; you asked for ${durationText(command.durationSeconds)}.`,
    extensions: { maxDurationSeconds: longest },
  };
}

/** Groups that may answer for every item that needs an answer. */
function commonReviewers(policies: readonly AccessPolicy[]): string[] {
  const needed = policies.filter((policy) => policy.approval === 'review');
  return (needed[0]?.reviewers ?? []).filter((group) =>
    needed.every((policy) => policy.reviewers.includes(group)),
  );
}
