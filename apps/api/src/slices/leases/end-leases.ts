import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { DueJob } from '../../platform/jobs/due-work.ts';
import type { LeaseStore } from './lease.prisma-store.ts';

/**
 * Writes down that leases have lapsed, or were cut by a grant that ended while AWS still answered. Tells of it in no
 * event: `lease.issued` says until when, `grant.ended` says since when.
 */
export class EndLeases {
  readonly #leases: LeaseStore;
  readonly #unitOfWork: UnitOfWork;

  constructor(leases: LeaseStore, unitOfWork: UnitOfWork) {
    this.#leases = leases;
    this.#unitOfWork = unitOfWork;
  }

  job(): DueJob {
    return {
      name: 'lease-ends',
      nextAt: () => this.#leases.nextLapse(),
      run: (now) =>
        this.#unitOfWork.attempt(async () => {
          // Each commit wakes the timers, so one without anything to write would never let them rest.
          if ((await this.#leases.countOvertaken(now)) === 0) return;
          await this.#unitOfWork.commit({ writes: [this.#leases.endOvertaken(now)], events: [] });
        }),
    };
  }
}
