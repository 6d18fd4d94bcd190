import {
  cancelAccessRequest,
  lapseAccessRequest,
  mayReview,
  type AccessRequest,
  type ClosedRequest,
  type Decision,
  type Person,
} from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { DueJob } from '../../platform/jobs/due-work.ts';
import { requestHint, type AccessRequestStore } from './access-request.prisma-store.ts';

/** May this person know of the request? */
export function maySeeRequest(request: AccessRequest, person: Person): boolean {
  return (
    request.requester.id === person.id ||
    person.roles.includes('admin') ||
    person.roles.includes('auditor') ||
    mayReview(request, person)
  );
}

/** Takes requests back and lets them lapse. */
export class CloseAccessRequest {
  readonly #requests: AccessRequestStore;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(requests: AccessRequestStore, unitOfWork: UnitOfWork, effects: Effects) {
    this.#requests = requests;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** Refuses with REQUEST_UNKNOWN and REQUEST_NOT_PENDING. */
  async cancel(id: string, person: Person): Promise<void> {
    await this.#unitOfWork.attempt(async () => {
      const request = (await this.#requests.find(id))?.request;
      if (!request) throw new Problem('REQUEST_UNKNOWN');
      const now = this.#effects.clock.now();
      const decision = cancelAccessRequest(request, { person, now, ids: this.#effects.ids });
      if (!decision.ok) throw new Problem(decision.refusal.code, decision.refusal);
      await this.#commit(decision, now);
    });
  }

  /** Closes what nobody answered in time; of one person, or of all. */
  async lapseOverdue(now: number, personId?: string): Promise<void> {
    for (const id of await this.#requests.overdue(now, personId))
      await this.#unitOfWork.attempt(async () => {
        const request = (await this.#requests.find(id))?.request;
        const decision = request && lapseAccessRequest(request, { now, ids: this.#effects.ids });
        if (decision?.ok) await this.#commit(decision, now);
      });
  }

  job(): DueJob {
    return {
      name: 'access-requests',
      nextAt: () => this.#requests.nextLapse(),
      run: (now) => this.lapseOverdue(now),
    };
  }

  async #commit(
    { next, events }: Extract<Decision<ClosedRequest>, { ok: true }>,
    now: number,
  ): Promise<void> {
    await this.#unitOfWork.commit({
      writes: [this.#requests.close(next)],
      events,
      hints: [requestHint(next, now)],
    });
  }
}
