import type { PrismaClient } from '../../generated/prisma/client.ts';
import type { Write } from '../../platform/database/unit-of-work.ts';
import { lastSeenEveryMs, signInIdleMs } from './limits.ts';

export interface NewSignIn {
  readonly id: string;
  readonly personId: string;
  readonly tokenHash: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly address: string | null;
}

const withPerson = { include: { person: true } } as const;

/** Browsers that are signed in. */
export class PrismaSignInStore {
  readonly #client: PrismaClient;
  constructor(client: PrismaClient) {
    this.#client = client;
  }

  insert(signIn: NewSignIn): Write {
    const createdAt = new Date(signIn.createdAt);
    const expiresAt = new Date(signIn.expiresAt);
    return async (transaction) => {
      await transaction.signIn.create({ data: { ...signIn, createdAt, expiresAt, lastSeenAt: createdAt } });
    };
  }

  end(id: string, now: number): Write {
    return async (transaction) => {
      await transaction.signIn.updateMany({ where: { id, endedAt: null }, data: { endedAt: new Date(now) } });
    };
  }

  /** The sign-in of a cookie with its person, when it still stands at `now`. */
  byHash(tokenHash: string, now: number) {
    return this.#client.signIn.findFirst({ where: { tokenHash, ...standing(now) }, ...withPerson });
  }

  byId(id: string, now: number) {
    return this.#client.signIn.findFirst({ where: { id, ...standing(now) }, ...withPerson });
  }

  /** Notes that the browser is there; most calls need no write. */
  async seen(signIn: { readonly id: string; readonly lastSeenAt: Date }, now: number): Promise<void> {
    if (now - signIn.lastSeenAt.getTime() < lastSeenEveryMs) return;
    await this.#client.signIn.updateMany({ where: { id: signIn.id }, data: { lastSeenAt: new Date(now) } });
  }
}

function standing(now: number) {
  return {
    endedAt: null,
    expiresAt: { gt: new Date(now) },
    lastSeenAt: { gt: new Date(now - signInIdleMs) },
    person: { disabledAt: null },
  };
}
