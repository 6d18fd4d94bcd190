import type { PrismaClient } from '../../generated/prisma/client.ts';
import { denyTopic } from './deny-grant.query.ts';
import { sweepTopic } from './grant.prisma-store.ts';

/** What the sweeps of a grant have found so far. */
export class SweepEvidence {
  readonly #client: PrismaClient;

  constructor(client: PrismaClient) {
    this.#client = client;
  }

  /** Looks that are over, and the ids of the sessions they ended. */
  async of(grantId: string): Promise<{ sweeps: number; terminated: string[] }> {
    const entries = await this.#client.outboxEntry.findMany({
      where: { topic: sweepTopic, state: 'done', key: { startsWith: `grant:${grantId}:terminate:` } },
      orderBy: { dueAt: 'asc' },
      select: { result: true },
    });
    const found = entries.map(({ result }) => (result as { terminated?: string[] } | null)?.terminated ?? []);
    return { sweeps: entries.length, terminated: [...new Set(found.flat())] };
  }

  /** The accounts whose IAM denies the grant by now. */
  async deniedIn(grantId: string): Promise<string[]> {
    const entries = await this.#client.outboxEntry.findMany({
      where: { topic: denyTopic, state: 'done', key: { startsWith: `grant:${grantId}:deny:` } },
      select: { result: true },
    });
    const accounts = entries.flatMap(
      ({ result }) => (result as { accounts?: { accountId: string }[] } | null)?.accounts ?? [],
    );
    return [...new Set(accounts.map(({ accountId }) => accountId))].sort();
  }

  /** Whether another look is not over yet: what it finds would be missing from the evidence. */
  async isUnfinished(grantId: string, ownKey: string): Promise<boolean> {
    const keys = { startsWith: `grant:${grantId}:terminate:`, not: ownKey };
    return (await this.#client.outboxEntry.count({ where: { state: 'waiting', key: keys } })) > 0;
  }

  async isQueued(key: string): Promise<boolean> {
    return (await this.#client.outboxEntry.count({ where: { key } })) > 0;
  }

  async isConfirmed(grantId: string): Promise<boolean> {
    return (await this.#client.auditEvent.count({ where: { grantId, type: 'grant.revoke_confirmed' } })) > 0;
  }
}
