import {
  approveAutomatically,
  submitAccessRequest,
  type PendingRequest,
  type Person,
  type SubmitAccessRequest as Command,
} from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { Change, UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { offered, type ResourceDirectory } from '../catalog/index.ts';
import { grantHint, type GrantStore } from '../grants/index.ts';
import type { Policies } from '../policies/index.ts';
import { requestHint, type AccessRequestStore } from './access-request.prisma-store.ts';
import type { CloseAccessRequest } from './close-access-request.handler.ts';
import { digestOf, type FactsOfRequest } from './facts-of-request.ts';

const hourMs = 3_600_000;

export interface SubmitSources {
  readonly requests: AccessRequestStore;
  readonly grants: GrantStore;
  readonly directory: ResourceDirectory;
  readonly policies: Policies;
  readonly facts: FactsOfRequest;
  readonly close: CloseAccessRequest;
}

/** A person asks; where every policy approves by itself, the same commit approves. */
export class SubmitAccessRequest {
  readonly #from: SubmitSources;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(sources: SubmitSources, unitOfWork: UnitOfWork, effects: Effects) {
    this.#from = sources;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** Gives the id of the request. Refuses as the decision does. */
  submit(requester: Person, command: Command): Promise<string> {
    return this.#unitOfWork.attempt(async () => {
      const now = this.#effects.clock.now();
      await this.#from.close.lapseOverdue(now, requester.id);
      const decision = submitAccessRequest(command, await this.#factsFor(requester, now));
      if (!decision.ok) throw new Problem(decision.refusal.code, decision.refusal);
      const facts = await this.#from.facts.derive(decision.next);
      const request: PendingRequest = { ...decision.next, factsDigest: digestOf(facts) };
      const submitted: Change = {
        writes: [this.#from.requests.insert(request, facts)],
        events: decision.events,
        hints: [requestHint(request, now)],
      };
      await this.#unitOfWork.commit(this.#approvedAtOnce(request, submitted, now) ?? submitted);
      return request.id;
    });
  }

  async #factsFor(requester: Person, now: number) {
    const { requests, directory, policies } = this.#from;
    const [waiting, askedLastHour, automaticLastHour] = await Promise.all([
      requests.waitingNames(requester.id),
      requests.askedSince(requester.id, now - hourMs),
      requests.automaticSince(requester.id, now - hourMs),
    ]);
    const resources = new Map(directory.all().map((known) => [known.entry.name, offered(known)]));
    return {
      requester,
      policies: policies.inForce(),
      resources,
      waiting,
      askedLastHour,
      automaticLastHour,
      now,
      ids: this.#effects.ids,
    };
  }

  #approvedAtOnce(request: PendingRequest, submitted: Change, now: number): Change | undefined {
    const automatic = approveAutomatically(request, { now, ids: this.#effects.ids });
    if (!automatic?.ok) return undefined;
    const { request: approved, review, grants } = automatic.next;
    const { requests, grants: grantStore } = this.#from;
    return {
      writes: [
        requests.admitAutomatic(request.requester.id, now - hourMs),
        ...submitted.writes,
        requests.insertReview(review),
        requests.close(approved),
        ...grants.map((grant) => grantStore.insert(grant)),
      ],
      events: [...submitted.events, ...automatic.events],
      hints: [requestHint(approved, now), ...grants.map((grant) => grantHint(grant, now))],
    };
  }
}
