import { closeSession, systemActor } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { leaseSessionName } from '@sallyport/iam-policy';
import type { SessionRevoker } from '../../platform/aws/revoker/session-revoker.ts';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { OutboxHandler } from '../../platform/outbox/outbox.ts';
import { sessionHint, type SessionStore, type StoredSession } from './session.prisma-store.ts';

/** A session that its client has not named began no earlier at AWS than this before it was told of here. */
const startToleranceMs = 60_000;

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
   * The id that the client reported, and every other session of the grant since then that no other client claims: a tunnel has a pool of
   * sessions and names one, may have moved to another gateway, and a client may say what it likes. A pool of another client of the same grant that loses
   * a session to this starts another one.
   */
  async #atAws(found: StoredSession): Promise<string[]> {
    const { session, accountId, region } = found;
    const prefix = `${leaseSessionName(session.grantId)}-`;
    const [running, ours] = await Promise.all([
      this.#revoker.list({ accountId, region, prefix }),
      this.#sessions.liveOf(session.grantId),
    ]);
    const others = ours.filter((other) => other.session.id !== session.id);
    const claimed = new Set(others.map((other) => other.session.ssmSessionId));
    return running
      .filter(({ ssmSessionId, startedAt }) => {
        const late = startedAt === null || startedAt >= session.openedAt - startToleranceMs;
        return ssmSessionId === session.ssmSessionId || (late && !claimed.has(ssmSessionId));
      })
      .map(({ ssmSessionId }) => ssmSessionId);
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
