import type { Person } from '@sallyport/access-domain';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import type { Write } from '../../platform/database/unit-of-work.ts';

/** A person with what signing in needs. */
export interface Account extends Person {
  readonly passwordHash: string | null;
  readonly disabled: boolean;
  /** The groups were changed here, so that no file says them any more. */
  readonly groupsKept?: boolean;
}

/** E-mail addresses are compared without case and without space around them. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase();
}

export class PrismaPeopleStore {
  readonly #client: PrismaClient;
  constructor(client: PrismaClient) {
    this.#client = client;
  }

  async byEmail(email: string): Promise<Account | undefined> {
    const row = await this.#client.person.findUnique({ where: { email: normalEmail(email) } });
    return row
      ? { ...row, disabled: row.disabledAt !== null, groupsKept: row.groupsChangedAt !== null }
      : undefined;
  }

  /** Makes or renews an account; the e-mail address says which. */
  save(account: Account, now: number): Write {
    const at = new Date(now);
    const { id, email, name, passwordHash, roles, groups } = account;
    const kept = { name, passwordHash, roles: [...roles], groups: [...groups], updatedAt: at };
    return async (transaction) => {
      await transaction.person.upsert({
        where: { email: normalEmail(email) },
        create: { id, email: normalEmail(email), ...kept, createdAt: at },
        update: kept,
      });
    };
  }
}
