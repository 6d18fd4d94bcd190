import {
  approveAutomatically,
  type Decision,
  type DraftRequest,
  type Grant,
  type PendingRequest,
} from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import type { Change, UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { grantHint, type GrantStore } from '../grants/index.ts';
import { requestHint, type AccessRequestStore } from './access-request.prisma-store.ts';
import { digestOf, type FactsOfRequest } from './facts-of-request.ts';

/** The window in which requests of a person count. */
export const requestWindowMs = 3_600_000;

/** Commits a request with what its reviewers are shown; where every policy approves by itself, the same commit approves. */
export class RecordRequest {
  readonly #requests: AccessRequestStore;
  readonly #grants: GrantStore;
  readonly #facts: FactsOfRequest;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(
    sources: {
      readonly requests: AccessRequestStore;
      readonly grants: GrantStore;
      readonly facts: FactsOfRequest;
    },
    unitOfWork: UnitOfWork,
    effects: Effects,
  ) {
    this.#requests = sources.requests;
    this.#grants = sources.grants;
    this.#facts = sources.facts;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** `extended` is the grant of an extension, as stored. Gives the id of the request. Throws LostRace. */
  async record(
    { next: draft, events }: Extract<Decision<DraftRequest>, { ok: true }>,
    extended: Grant | null,
    now: number,
  ): Promise<string> {
    const facts = await this.#facts.derive(draft);
    const request: PendingRequest = { ...draft, factsDigest: digestOf(facts) };
    const since = now - requestWindowMs;
    const approved = approveAutomatically(request, { now, ids: this.#effects.ids, extended });
    const approval = approved?.ok ? 'automatic' : 'review';
    const submitted: Change = {
      writes: [
        this.#requests.admit(request.requester.id, since, approval),
        ...(extended ? [this.#grants.hold(extended)] : []),
        this.#requests.insert(request, facts),
      ],
      events,
      hints: [requestHint(request, now)],
    };
    await this.#unitOfWork.commit(approved?.ok ? this.#with(submitted, approved, now) : submitted);
    return request.id;
  }

  #with(
    submitted: Change,
    { next, events }: Extract<NonNullable<ReturnType<typeof approveAutomatically>>, { ok: true }>,
    now: number,
  ): Change {
    return {
      writes: [...submitted.writes, ...reviewWrites(next, this.#requests, this.#grants)],
      events: [...submitted.events, ...events],
      hints: reviewHints(next, now),
    };
  }
}

type Reviewed = Extract<NonNullable<ReturnType<typeof approveAutomatically>>, { ok: true }>['next'];

/** What a review writes, in the order that the rules of the database want. */
export function reviewWrites(
  { request, review, grants, extension }: Reviewed,
  requests: AccessRequestStore,
  grantStore: GrantStore,
): Change['writes'] {
  return [
    requests.insertReview(review),
    requests.close(request),
    ...grants.map((grant) => grantStore.insert(grant)),
    ...(extension ? [grantStore.extend(extension, request.id)] : []),
  ];
}

/** Who is to look again after a review. */
export function reviewHints({ request, grants, extension }: Reviewed, now: number) {
  const touched = extension ? [extension.grant] : grants;
  return [requestHint(request, now), ...touched.map((grant) => grantHint(grant, now))];
}
