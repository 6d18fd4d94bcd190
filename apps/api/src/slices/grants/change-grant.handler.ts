import {
  activateGrant,
  endGrantOfLeaver,
  expireGrant,
  grantAt,
  inAnyGroup,
  mayRevoke,
  returnGrant,
  revokeGrant,
  type Decision,
  type EndedGrant,
  type Grant,
  type Person,
} from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { DueJob } from '../../platform/jobs/due-work.ts';
import { denyEntries } from './deny-grant.query.ts';
import { grantHint, sweepEntries, type GrantStore } from './grant.prisma-store.ts';

/** May this person know of the grant? */
export function maySeeGrant(grant: Grant, person: Person): boolean {
  return (
    grant.person.id === person.id ||
    person.roles.includes('auditor') ||
    mayRevoke(grant, person) ||
    inAnyGroup(person, grant.reviewers)
  );
}

/** Begins and ends grants: on command, and when their time has come. */
export class ChangeGrant {
  readonly #grants: GrantStore;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(grants: GrantStore, unitOfWork: UnitOfWork, effects: Effects) {
    this.#grants = grants;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** The person gives it back. Refuses with GRANT_UNKNOWN and GRANT_NOT_ACTIVE. */
  return(id: string, person: Person): Promise<EndedGrant> {
    return this.#end(id, person, (grant, moment) => returnGrant(grant, person, moment));
  }

  /**
   * `powers` is the person with what their credential may use of roles and groups. Refuses with GRANT_UNKNOWN,
   * REVOKE_NOT_ALLOWED, REASON_REQUIRED, REASON_TOO_LONG and GRANT_NOT_ACTIVE.
   */
  revoke(id: string, person: Person, reason: string, powers = person): Promise<EndedGrant> {
    return this.#end(id, person, (grant, moment) => revokeGrant(grant, { person: powers, reason }, moment));
  }

  /** Ends a grant of somebody who left a group; one that has ended already is content. */
  async leave(id: string, group: string): Promise<void> {
    await this.#unitOfWork.attempt(async () => {
      const grant = await this.#grants.find(id);
      if (!grant) return;
      const moment = { now: this.#effects.clock.now(), ids: this.#effects.ids };
      const decision = endGrantOfLeaver(grant, group, moment);
      if (decision.ok) await this.#commitEnd(decision.next, decision.events);
    });
  }

  /** What the clock asks for: scheduled grants begin, overdue ones end. */
  job(): DueJob {
    return {
      name: 'grants',
      nextAt: () => this.#grants.nextAt(),
      run: async (now) => {
        for (const grant of await this.#grants.due(now)) await this.#tidy(grant.id);
      },
    };
  }

  async #end(
    id: string,
    person: Person,
    decide: (grant: Grant, moment: { now: number; ids: Effects['ids'] }) => Decision<EndedGrant>,
  ): Promise<EndedGrant> {
    return this.#unitOfWork.attempt(async () => {
      const grant = await this.#grants.find(id);
      if (!grant || !maySeeGrant(grant, person)) throw new Problem('GRANT_UNKNOWN');
      const now = this.#effects.clock.now();
      const decision = decide(grant, { now, ids: this.#effects.ids });
      if (!decision.ok) throw new Problem(decision.refusal.code, decision.refusal);
      await this.#commitEnd(decision.next, decision.events, person.email);
      return decision.next;
    });
  }

  async #commitEnd(
    ended: EndedGrant,
    events: Extract<Decision<EndedGrant>, { ok: true }>['events'],
    by?: string,
  ): Promise<void> {
    const now = this.#effects.clock.now();
    const sessionHints = await this.#grants.sessionHints(ended, now);
    await this.#unitOfWork.commit({
      writes: [
        this.#grants.save(ended, by),
        this.#grants.closeSessions(ended),
        this.#grants.cutLeases(ended),
      ],
      events,
      outbox: [...sweepEntries(ended), ...denyEntries(ended)],
      hints: [grantHint(ended, now), ...sessionHints],
    });
  }

  async #tidy(id: string): Promise<void> {
    await this.#unitOfWork.attempt(async () => {
      const grant = await this.#grants.find(id);
      const now = this.#effects.clock.now();
      const moment = { now, ids: this.#effects.ids };
      if (!grant || grant.state === 'ended') return;
      if (grantAt(grant, now).state === 'ended') {
        const expired = expireGrant(grant, moment);
        if (expired.ok) await this.#commitEnd(expired.next, expired.events);
        return;
      }
      const begun = activateGrant(grant, moment);
      if (begun.ok)
        await this.#unitOfWork.commit({
          writes: [this.#grants.save(begun.next)],
          events: begun.events,
          hints: [grantHint(begun.next, now)],
        });
    });
  }
}
