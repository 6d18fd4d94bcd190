import { Problem } from '@sallyport/problems';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import type { Write } from '../../platform/database/unit-of-work.ts';

/** Tokens in any minute: of one connection (they are renewed every 45 s), and of one grant with all its connections. */
export const tokensPerMinute = { ofKey: 6, ofGrant: 120 } as const;

export interface TokenRow {
  readonly id: string;
  readonly grantId: string;
  readonly personId: string;
  readonly agentId: string;
  /** Of the client's key. */
  readonly thumbprint: string;
  /** Unix milliseconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Which tokens were issued; the tokens themselves are never kept. */
export class AgentTokenStore {
  readonly #client: PrismaClient;
  constructor(client: PrismaClient) {
    this.#client = client;
  }

  /** Whether a lease of the grant led to the instance. */
  async ledTo(grantId: string, instanceId: string): Promise<boolean> {
    const state = { in: ['issued', 'lapsed', 'unknown'] };
    return (await this.#client.lease.findFirst({ where: { grantId, instanceId, state } })) !== null;
  }

  async knows(grantId: string, thumbprint: string): Promise<boolean> {
    return (await this.#client.agentToken.findFirst({ where: { grantId, thumbprint } })) !== null;
  }

  /** Refused by the database unless the grant is active and of this person. Refuses with AGENT_TOKEN_LIMITED. */
  admit(token: TokenRow): Write {
    const { grantId, thumbprint } = token;
    const [issuedAt, expiresAt] = [new Date(token.issuedAt), new Date(token.expiresAt)];
    const recent = { grantId, issuedAt: { gt: new Date(token.issuedAt - 60_000) } };
    return async (transaction) => {
      // One at a time for each grant, so that those who ask together are counted together.
      await transaction.$queryRaw`SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext(${`tokens ${grantId}`}))) AS held`;
      const [ofKey, ofGrant] = [
        await transaction.agentToken.count({ where: { ...recent, thumbprint } }),
        await transaction.agentToken.count({ where: recent }),
      ];
      if (ofKey >= tokensPerMinute.ofKey || ofGrant >= tokensPerMinute.ofGrant)
        throw new Problem('AGENT_TOKEN_LIMITED', { retryAfterSeconds: 10 });
      await transaction.agentToken.create({ data: { ...token, issuedAt, expiresAt } });
    };
  }
}
