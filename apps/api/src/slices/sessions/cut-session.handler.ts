import { closeSession, systemActor } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { leaseSessionName } from '@sallyport/iam-policy';
import type { SessionRevoker } from '../../platform/aws/revoker/session-revoker.ts';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { OutboxHandler } from '../../platform/outbox/outbox.ts';
import { sessionHint, type SessionStore, type StoredSession } from './session.prisma-store.ts';

/** Carries out an administrator's cut: ends the session at AWS, then records that it is closed. */
export class CutSession {
  readonly #sessions: SessionStore;
  readonly #revoker: SessionRevoker;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(sessions: SessionStore, revoker: SessionRevoker, unitOfWork: UnitOfWork, effects: Effects) {
    this.#sessions = sessions;
    this.#revoker = revoker;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  handler(): OutboxHandler {
    return async (payload) => {
      const { sessionId } = payload as { sessionId: string };
      const found = await this.#sessions.find(sessionId);
      if (!found) return;
      const { accountId, region } = found;
      for (const ssmSessionId of await this.#atAws(found))
        await this.#revoker.terminate({ accountId, region, ssmSessionId });
      await this.#close(sessionId);
    };
  }

  /**
   * Every session of the grant. Which of them the client has, only clients say: a tunnel has a pool of sessions and names one, may have moved to another
   * gateway, and may name what it likes; were those spared that another client of the grant claims, two clients could keep each other's for as long as the
   * grant stands. An honest one that loses a session to this starts another, and its connections are lost.
   */
  async #atAws({ session, accountId, region }: StoredSession): Promise<Set<string>> {
    const prefix = `${leaseSessionName(session.grantId)}-`;
    const running = await this.#revoker.list({ accountId, region, prefix });
    // What it named may be younger than the list; last, since AWS may refuse a name that was made up, and the others are not to wait for it.
    const named = session.ssmSessionId === null ? [] : [session.ssmSessionId];
    return new Set([...running.map(({ ssmSessionId }) => ssmSessionId), ...named]);
  }

  async #close(sessionId: string): Promise<void> {
    await this.#unitOfWork.attempt(async () => {
      const found = await this.#sessions.find(sessionId);
      if (!found || found.session.state === 'closed') return;
      const { clock, ids } = this.#effects;
      const now = clock.now();
      const decision = closeSession(found.session, { reason: 'revoked', actor: systemActor }, { now, ids });
      if (!decision.ok) return;
      const { next, events } = decision;
      await this.#unitOfWork.commit({
        writes: [this.#sessions.save(next)],
        events,
        hints: [sessionHint(next, now)],
      });
    });
  }
}
