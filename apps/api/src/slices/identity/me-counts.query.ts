import type { PrismaClient } from '../../generated/prisma/client.ts';
import type { Actor } from '../../platform/http/actor.ts';

/** What waits for a person: figures for the dashboard's rail and for `tunnel` without a command. */
export class MeCountsQuery {
  readonly #client: PrismaClient;
  constructor(client: PrismaClient) {
    this.#client = client;
  }

  async run(
    actor: Actor,
    now: number,
  ): Promise<{ toReview: number; activeGrants: number; liveSessions: number }> {
    const at = new Date(now);
    const overseer = actor.roles.includes('admin') || actor.roles.includes('auditor');
    const [toReview, activeGrants, liveSessions] = await Promise.all([
      this.#client.accessRequest.count({
        where: {
          state: 'pending',
          lapsesAt: { gt: at },
          requesterId: { not: actor.id },
          reviewers: { hasSome: [...actor.groups] },
          // More time on a grant that has ended is nothing to answer.
          OR: [{ extendsGrantId: null }, { extended: { state: { not: 'ended' } } }],
        },
      }),
      this.#client.grant.count({
        where: {
          personId: actor.id,
          state: { in: ['scheduled', 'active'] },
          startsAt: { lte: at },
          endsAt: { gt: at },
        },
      }),
      this.#client.session.count({
        where: { state: { not: 'closed' }, ...(overseer ? {} : { personId: actor.id }) },
      }),
    ]);
    return { toReview, activeGrants, liveSessions };
  }
}
