import { reviewAccessRequest, type NewReview, type Person } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import {
  digestOf,
  maySeeRequest,
  requestHint,
  reviewHints,
  reviewWrites,
  type AccessRequestStore,
  type FactsOfRequest,
} from '../access-requests/index.ts';
import { offered, type ResourceDirectory } from '../catalog/index.ts';
import type { GrantStore } from '../grants/index.ts';
import type { Policies } from '../policies/index.ts';

/** One reviewer's answer: review, request and what it gives are one commit. */
export class RecordReview {
  readonly #requests: AccessRequestStore;
  readonly #grants: GrantStore;
  readonly #facts: FactsOfRequest;
  readonly #policies: Policies;
  readonly #directory: ResourceDirectory;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(
    sources: {
      readonly requests: AccessRequestStore;
      readonly grants: GrantStore;
      readonly facts: FactsOfRequest;
      readonly policies: Policies;
      readonly directory: ResourceDirectory;
    },
    unitOfWork: UnitOfWork,
    effects: Effects,
  ) {
    this.#requests = sources.requests;
    this.#grants = sources.grants;
    this.#facts = sources.facts;
    this.#policies = sources.policies;
    this.#directory = sources.directory;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** Refuses with REQUEST_UNKNOWN (not to be seen) and as the decision does. */
  record(requestId: string, reviewer: Person, review: NewReview): Promise<void> {
    return this.#unitOfWork.attempt(async () => {
      const found = await this.#requests.find(requestId);
      if (!found || !maySeeRequest(found.request, reviewer)) throw new Problem('REQUEST_UNKNOWN');
      const { request } = found;
      const extended = request.extends ? await this.#grants.find(request.extends.grantId) : undefined;
      const now = this.#effects.clock.now();
      const facts =
        request.state === 'pending' ? await this.#facts.derive(request, found.facts) : found.facts;
      const currentDigest = digestOf(facts);
      const decision = reviewAccessRequest(request, review, {
        reviewer,
        currentDigest,
        policies: this.#policies.inForce(),
        resources: new Map(this.#directory.all().map((known) => [known.entry.name, offered(known)])),
        extended: extended ?? null,
        now,
        ids: this.#effects.ids,
      });
      if (!decision.ok) {
        // What the reviewer saw is no longer so: keep what it is now, so that reading again shows it.
        if (decision.refusal.code === 'REVIEW_DIGEST_MISMATCH' && currentDigest !== request.factsDigest)
          await this.#unitOfWork.commit({
            writes: [this.#requests.refresh(request, facts, currentDigest)],
            events: [],
            hints: [requestHint({ ...request, version: request.version + 1 }, now)],
          });
        throw new Problem(decision.refusal.code, decision.refusal);
      }
      await this.#unitOfWork.commit({
        writes: reviewWrites(decision.next, this.#requests, this.#grants),
        events: decision.events,
        hints: reviewHints(decision.next, now),
      });
    });
  }
}
