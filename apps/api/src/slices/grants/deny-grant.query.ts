import type { EndedGrant } from '@sallyport/access-domain';
import type { Clock } from '@sallyport/effects';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import { deniedForSeconds } from '../../platform/aws/revoker/deny-list.ts';
import type { SessionRevoker } from '../../platform/aws/revoker/session-revoker.ts';
import type { NewOutboxEntry } from '../../platform/database/unit-of-work.ts';
import type { OutboxHandler } from '../../platform/outbox/outbox.ts';
import { placesOfLeases } from './revoker-terminator.query.ts';

/** The topic of the entries that deny a revoked grant in IAM, and take it out of the list again. */
export const denyTopic = 'grant.deny';

/** At once, and again: another revoker may have written over it. */
const denySeconds = [0, 15, 60];

/** Whose leases in hand must end at once: somebody took the grant away, or the person left the group that gave it. */
const takenAway = new Set<EndedGrant['endReason']>(['revoked', 'leaver']);

/** Only a grant that was taken away is denied: one that ended by time or was given back had its leases end with it. */
export function denyEntries(grant: EndedGrant): NewOutboxEntry[] {
  if (!takenAway.has(grant.endReason)) return [];
  const entry = (seconds: number, denied: boolean): NewOutboxEntry => ({
    topic: denyTopic,
    key: `grant:${grant.id}:${denied ? 'deny' : 'forget'}:${seconds}`,
    payload: { grantId: grant.id, denied },
    dueAt: grant.endedAt + seconds * 1000,
  });
  return [...denySeconds.map((seconds) => entry(seconds, true)), entry(deniedForSeconds, false)];
}

/** Denies a grant in every account that it had leases in, or takes it out of the lists. */
export class DenyGrant {
  readonly #client: PrismaClient;
  readonly #revoker: SessionRevoker;
  readonly #clock: Clock;

  constructor(client: PrismaClient, revoker: SessionRevoker, clock: Clock) {
    this.#client = client;
    this.#revoker = revoker;
    this.#clock = clock;
  }

  handler(): OutboxHandler {
    return async (payload) => {
      const { grantId, denied } = payload as { grantId: string; denied: boolean };
      // A denial that failed until now: its grant may be out of the list already, and would stay in it for ever.
      if (denied && (await this.#isOver(grantId))) return { skipped: true };
      const places = await placesOfLeases(this.#client, grantId);
      const accounts = new Map(places.map((place) => [place.accountId, place.region]));
      const answers = await Promise.allSettled(
        [...accounts].map(async ([accountId, region]) => ({
          accountId,
          ...(await this.#revoker.deny({ accountId, region, grantId, denied })),
        })),
      );
      const failed = answers.find((answer) => answer.status === 'rejected');
      // One account that refuses must not shield the others: all were tried, then the failure asks for a repetition.
      if (failed !== undefined) throw failed.reason;
      return { accounts: answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])) };
    };
  }

  /** No credential of the grant can be alive any more. */
  async #isOver(grantId: string): Promise<boolean> {
    const grant = await this.#client.grant.findUnique({ where: { id: grantId }, select: { endedAt: true } });
    const endedAt = grant?.endedAt?.getTime();
    return endedAt !== undefined && this.#clock.now() >= endedAt + deniedForSeconds * 1000;
  }
}
