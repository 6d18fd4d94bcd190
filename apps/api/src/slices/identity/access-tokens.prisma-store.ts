import type { AccessToken, PrismaClient } from '../../generated/prisma/client.ts';
import type { Write } from '../../platform/database/unit-of-work.ts';
import type { Scope } from '../../platform/http/actor.ts';
import { lastSeenEveryMs } from './limits.ts';

export interface NewAccessToken {
  readonly id: string;
  readonly personId: string;
  readonly name: string;
  readonly tokenHash: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
  readonly expiresAt: number;
}

const withPerson = { include: { person: true } } as const;

/** How the tokens of an accounts file are called. */
export const sandboxTokenName = 'sandbox';

/** Personal access tokens. */
export class PrismaAccessTokenStore {
  readonly #client: PrismaClient;
  constructor(client: PrismaClient) {
    this.#client = client;
  }

  insert(token: NewAccessToken): Write {
    const { createdAt, expiresAt, scopes, ...rest } = token;
    return async (transaction) => {
      await transaction.accessToken.create({
        data: {
          ...rest,
          scopes: [...scopes],
          createdAt: new Date(createdAt),
          expiresAt: new Date(expiresAt),
        },
      });
    };
  }

  /** Lets a token that the settings hold stand until `expiresAt`. */
  renew(tokenHash: string, expiresAt: number): Write {
    return async (transaction) => {
      await transaction.accessToken.updateMany({
        where: { tokenHash },
        data: { expiresAt: new Date(expiresAt), revokedAt: null },
      });
    };
  }

  revoke(id: string, now: number): Write {
    return async (transaction) => {
      await transaction.accessToken.updateMany({
        where: { id, revokedAt: null },
        data: { revokedAt: new Date(now) },
      });
    };
  }

  byHash(tokenHash: string, now: number) {
    return this.#client.accessToken.findFirst({ where: { tokenHash, ...standing(now) }, ...withPerson });
  }

  byId(id: string, now: number) {
    return this.#client.accessToken.findFirst({ where: { id, ...standing(now) }, ...withPerson });
  }

  async exists(tokenHash: string): Promise<boolean> {
    return (await this.#client.accessToken.count({ where: { tokenHash } })) > 0;
  }

  /** Whether a token that an accounts file made still stands; nobody else gets one for so long. */
  async holdsSandboxToken(now: number): Promise<boolean> {
    const rows = await this.#client.$queryRaw<unknown[]>`
      SELECT 1 FROM access_token WHERE name = ${sandboxTokenName} AND revoked_at IS NULL
        AND expires_at > ${new Date(now)} AND expires_at > created_at + interval '180 days' LIMIT 1`;
    return rows.length > 0;
  }

  /** All tokens of a person, the newest first. */
  of(personId: string): Promise<AccessToken[]> {
    return this.#client.accessToken.findMany({
      where: { personId },
      orderBy: { createdAt: 'desc' },
      take: 200,
    });
  }

  /** How many of a person's tokens stand at `now`. */
  count(personId: string, now: number): Promise<number> {
    return this.#client.accessToken.count({ where: { personId, ...standing(now) } });
  }

  async used(token: { readonly id: string; readonly lastUsedAt: Date | null }, now: number): Promise<void> {
    if (token.lastUsedAt && now - token.lastUsedAt.getTime() < lastSeenEveryMs) return;
    await this.#client.accessToken.updateMany({
      where: { id: token.id },
      data: { lastUsedAt: new Date(now) },
    });
  }
}

function standing(now: number) {
  return { revokedAt: null, expiresAt: { gt: new Date(now) }, person: { disabledAt: null } };
}
