import { requestExtension, type ExtendGrant as Command, type Person } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { offered, type ResourceDirectory } from '../catalog/index.ts';
import type { GrantStore } from '../grants/index.ts';
import type { Policies } from '../policies/index.ts';
import type { AccessRequestStore } from './access-request.prisma-store.ts';
import type { CloseAccessRequest } from './close-access-request.handler.ts';
import type { RecordRequest } from './record-request.ts';
import { standingOf } from './submit-access-request.handler.ts';

export interface ExtendSources {
  readonly requests: AccessRequestStore;
  readonly grants: GrantStore;
  readonly directory: ResourceDirectory;
  readonly policies: Policies;
  readonly record: RecordRequest;
  readonly close: CloseAccessRequest;
}

/** A person asks for more time on a grant of theirs: a request of its own. */
export class ExtendGrant {
  readonly #from: ExtendSources;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(sources: ExtendSources, unitOfWork: UnitOfWork, effects: Effects) {
    this.#from = sources;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** Gives the id of the request. Refuses with GRANT_UNKNOWN and as the decision does. */
  run(grantId: string, requester: Person, command: Command): Promise<string> {
    const { requests, grants, directory, policies, record, close } = this.#from;
    return this.#unitOfWork.attempt(async () => {
      const now = this.#effects.clock.now();
      await close.lapseOverdue(now, requester.id);
      const grant = await grants.find(grantId);
      if (!grant) throw new Problem('GRANT_UNKNOWN');
      const { waiting, ...counts } = await standingOf(requester, requests, now);
      const known = directory.byName(grant.resource.name);
      const decision = requestExtension(grant, command, {
        ...counts,
        requester,
        policies: policies.inForce(),
        resource: known && offered(known),
        waiting: waiting.has(grant.resource.name),
        now,
        ids: this.#effects.ids,
      });
      if (!decision.ok) throw new Problem(decision.refusal.code, decision.refusal);
      return record.record(decision, grant, now);
    });
  }
}
