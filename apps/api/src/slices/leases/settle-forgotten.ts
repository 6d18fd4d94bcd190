import { settleLease } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { DueJob } from '../../platform/jobs/due-work.ts';
import type { LeaseStore } from './lease.prisma-store.ts';

/** Longer than any call to AWS takes: whoever held the intent is gone. */
const forgottenAfterMs = 60_000;

/** Settles as unknown the intents whose process died between the call to AWS and its outcome. */
export class SettleForgottenLeases {
  readonly #leases: LeaseStore;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(leases: LeaseStore, unitOfWork: UnitOfWork, effects: Effects) {
    this.#leases = leases;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  job(): DueJob {
    return {
      name: 'leases',
      nextAt: async () => {
        const oldest = await this.#leases.oldestIntent();
        return oldest === undefined ? undefined : oldest + forgottenAfterMs;
      },
      run: async (now) => {
        for (const lease of await this.#leases.forgotten(now - forgottenAfterMs)) {
          const outcome = { state: 'unknown', code: 'AWS_ANSWER_LOST' } as const;
          const decision = settleLease(lease, outcome, { now, ids: this.#effects.ids });
          if (!decision.ok) continue;
          const { next, events } = decision;
          await this.#unitOfWork.commit({ writes: [this.#leases.save(next)], events });
        }
      },
    };
  }
}
