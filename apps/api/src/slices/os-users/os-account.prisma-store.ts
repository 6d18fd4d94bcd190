import type { OwnAccount } from '@sallyport/catalog';
import type { PersonRef } from '@sallyport/access-domain';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import type { Write } from '../../platform/database/unit-of-work.ts';

const reference = { id: true, name: true, email: true } as const;

/** Accounts on hosts as they were told, and the people they are for. */
export class OsAccountStore {
  readonly #client: PrismaClient;
  constructor(client: PrismaClient) {
    this.#client = client;
  }

  /** Who is in a group now and may sign in. */
  membersOf(group: string): Promise<PersonRef[]> {
    const where = { groups: { has: group }, disabledAt: null };
    return this.#client.person.findMany({ where, select: reference, orderBy: { id: 'asc' } });
  }

  /** Those of the ids that are known, by id. */
  async people(ids: readonly string[]): Promise<ReadonlyMap<string, PersonRef>> {
    const found = await this.#client.person.findMany({ where: { id: { in: [...ids] } }, select: reference });
    return new Map(found.map((person) => [person.id, person]));
  }

  /** Whether the person's own account of that name is open on a host, as far as the host has told. */
  async isOpen(instanceId: string, name: string, personId: string): Promise<boolean> {
    const row = await this.#client.osAccount.findFirst({
      where: { instanceId, name, personId, state: 'open' },
      select: { name: true },
    });
    return row !== null;
  }

  /** Keeps what a host told; people who are not known here have no row. An account that it no longer tells of is nobody's to enter. */
  told(
    { instanceId, gateway }: { readonly instanceId: string; readonly gateway: string },
    accounts: readonly OwnAccount[],
    now: number,
  ): Write {
    return async (transaction) => {
      const known = await transaction.person.findMany({
        where: { id: { in: accounts.map(({ personId }) => personId) } },
        select: { id: true },
      });
      const ids = new Set(known.map(({ id }) => id));
      await transaction.osAccount.updateMany({
        where: { instanceId, name: { notIn: accounts.map(({ name }) => name) }, state: { not: 'closed' } },
        data: { state: 'closed', seenAt: new Date(now) },
      });
      for (const { name, personId, uid, state } of accounts) {
        if (!ids.has(personId)) continue;
        const seen = { gateway, uid, state, seenAt: new Date(now) };
        await transaction.osAccount.upsert({
          where: { instanceId_name: { instanceId, name } },
          create: { instanceId, name, personId, ...seen },
          // The rule of the database refuses another person.
          update: { personId, ...seen },
        });
      }
    };
  }
}
