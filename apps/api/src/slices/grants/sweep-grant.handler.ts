import { aboutGrant, happened, limits, systemActor } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { OutboxHandler } from '../../platform/outbox/outbox.ts';
import { sweepEntry, type GrantStore } from './grant.prisma-store.ts';
import type { SessionTerminator } from './session-terminator.ts';
import type { SweepEvidence } from './sweep-evidence.query.ts';

/**
 * Looks for sessions of an ended grant and cuts them, again and again until a lease in hand can start no more. When the
 * last look finds nothing, the end is confirmed with the evidence; otherwise it looks once more a minute later.
 */
export class SweepGrant {
  readonly #grants: GrantStore;
  readonly #evidence: SweepEvidence;
  readonly #terminator: SessionTerminator;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(
    sources: { grants: GrantStore; evidence: SweepEvidence; terminator: SessionTerminator },
    unitOfWork: UnitOfWork,
    effects: Effects,
  ) {
    this.#grants = sources.grants;
    this.#evidence = sources.evidence;
    this.#terminator = sources.terminator;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  handler(): OutboxHandler {
    return async (payload, { key }) => {
      const { grantId, seconds, last } = payload as { grantId: string; seconds: number; last: boolean };
      const terminated = await this.#terminator.sweep(grantId);
      if (!last) return { terminated };
      const again = terminated.length > 0 || (await this.#evidence.isUnfinished(grantId, key));
      await (again ? this.#lookAgain(grantId, seconds) : this.#confirm(grantId));
      return { terminated };
    };
  }

  async #lookAgain(grantId: string, seconds: number): Promise<void> {
    const dueAt = this.#effects.clock.now() + limits.sweepAgainSeconds * 1000;
    const entry = sweepEntry(grantId, seconds + limits.sweepAgainSeconds, { dueAt, last: true });
    if (await this.#evidence.isQueued(entry.key)) return;
    await this.#unitOfWork.commit({ writes: [], events: [], outbox: [entry] });
  }

  async #confirm(grantId: string): Promise<void> {
    const grant = await this.#grants.find(grantId);
    if (grant?.state !== 'ended' || (await this.#evidence.isConfirmed(grantId))) return;
    const { sweeps, terminated } = await this.#evidence.of(grantId);
    const occasion = { actor: systemActor, now: this.#effects.clock.now(), ids: this.#effects.ids };
    const deniedIn = await this.#evidence.deniedIn(grantId);
    const details = {
      ...{ reason: grant.endReason, sweeps: sweeps + 1, terminated },
      ...(deniedIn.length === 0 ? {} : { deniedIn }),
    };
    await this.#unitOfWork.commit({
      writes: [],
      events: [happened(occasion, 'grant.revoke_confirmed', aboutGrant(grant), details)],
    });
  }
}
