import type { Effects } from '@sallyport/effects';
import type { NewOutboxEntry, UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { DueJob } from '../../platform/jobs/due-work.ts';
import { syncTopic } from './apply-plan.handler.ts';
import type { PlanGateway } from './plan-gateway.ts';
import type { QueuedWork } from './sync-accounts.query.ts';

/** How often hosts are looked at without a cause: they are made anew, and somebody changes them by hand. */
const everyMs = 15 * 60_000;

/** Asks for the accounts of gateways that follow a group: after it changed, and every quarter of an hour. */
export class SyncAccounts {
  readonly #plans: PlanGateway;
  readonly #queued: QueuedWork;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(plans: PlanGateway, queued: QueuedWork, unitOfWork: UnitOfWork, effects: Effects) {
    this.#plans = plans;
    this.#queued = queued;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** The work that follows from a change of a group, for the commit that makes it. `cause` tells changes apart. */
  after(group: string, cause: string): NewOutboxEntry[] {
    return this.#plans
      .synced()
      .filter((gateway) => gateway.group === group)
      .map(({ name }) => entry(name, cause));
  }

  job(): DueJob {
    const slot = (now: number) => Math.floor(now / everyMs);
    return {
      name: 'os-users',
      run: async (now) => {
        for (const { name } of this.#plans.synced()) {
          const due = entry(name, String(slot(now)));
          if (!(await this.#queued.has(due.key)))
            await this.#unitOfWork.commit({ writes: [], events: [], outbox: [due] });
        }
      },
      nextAt: () => {
        const next = (slot(this.#effects.clock.now()) + 1) * everyMs;
        return Promise.resolve(this.#plans.synced().length > 0 ? next : undefined);
      },
    };
  }
}

function entry(gateway: string, cause: string): NewOutboxEntry {
  return { topic: syncTopic, key: `os-users:${gateway}:${cause}`, payload: { gateway } };
}
