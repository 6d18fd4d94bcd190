import {
  submitAccessRequest,
  type Person,
  type SubmitAccessRequest as Command,
} from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { offered, type ResourceDirectory } from '../catalog/index.ts';
import type { Policies } from '../policies/index.ts';
import type { AccessRequestStore } from './access-request.prisma-store.ts';
import type { CloseAccessRequest } from './close-access-request.handler.ts';
import { requestWindowMs, type RecordRequest } from './record-request.ts';

export interface SubmitSources {
  readonly requests: AccessRequestStore;
  readonly directory: ResourceDirectory;
  readonly policies: Policies;
  readonly record: RecordRequest;
  readonly close: CloseAccessRequest;
}

/** A person asks for access. */
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
      return this.#from.record.record(decision, null, now);
    });
  }

  async #factsFor(requester: Person, now: number) {
    const { requests, directory, policies } = this.#from;
    const standing = await standingOf(requester, requests, now);
    const resources = new Map(directory.all().map((known) => [known.entry.name, offered(known)]));
    return { ...standing, requester, policies: policies.inForce(), resources, now, ids: this.#effects.ids };
  }
}

/** What a person has asked for lately and waits for. */
export async function standingOf(requester: Person, requests: AccessRequestStore, now: number) {
  const since = now - requestWindowMs;
  const [waiting, askedLastHour, automaticLastHour] = await Promise.all([
    requests.waitingNames(requester.id),
    requests.askedSince(requester.id, since),
    requests.automaticSince(requester.id, since),
  ]);
  return { waiting, askedLastHour, automaticLastHour };
}
