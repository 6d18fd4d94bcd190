import type { Person } from '@sallyport/access-domain';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import { LostRace } from '../../platform/database/database-refusal.ts';
import type { Write } from '../../platform/database/unit-of-work.ts';

const needed = { id: true, name: true, email: true, roles: true, groups: true } as const;

/** Which groups people are in. */
export class MembershipStore {
  readonly #client: PrismaClient;
  constructor(client: PrismaClient) {
    this.#client = client;
  }

  async byEmail(email: string): Promise<Person | undefined> {
    const where = { email: email.trim().toLowerCase() };
    return (await this.#client.person.findUnique({ where, select: needed })) ?? undefined;
  }

  async byId(id: string): Promise<Person | undefined> {
    return (await this.#client.person.findUnique({ where: { id }, select: needed })) ?? undefined;
  }

  /** Everybody who is in a group. */
  inGroups(): Promise<Person[]> {
    const where = { groups: { isEmpty: false } };
    return this.#client.person.findMany({ where, select: needed, orderBy: { email: 'asc' } });
  }

  /** Throws LostRace when the groups are no longer those that were read. */
  change({ id, groups: before }: Person, groups: readonly string[], now: number): Write {
    const at = new Date(now);
    return async (transaction) => {
      const { count } = await transaction.person.updateMany({
        where: { id, groups: { equals: [...before] } },
        data: { groups: [...groups], groupsChangedAt: at, updatedAt: at },
      });
      if (count !== 1) throw new LostRace(`groups of ${id}`);
    };
  }
}
