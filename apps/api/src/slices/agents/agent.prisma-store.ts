import type { PrismaClient } from '../../generated/prisma/client.ts';
import type { Write } from '../../platform/database/unit-of-work.ts';

/** A companion agent that is or was enrolled. */
export interface KnownAgent {
  readonly id: string;
  readonly instanceId: string;
  readonly accountId: string | null;
  /** Ed25519, 32 bytes in base64url. */
  readonly publicKey: string;
  readonly thumbprint: string;
  readonly enrolledBy: 'file' | 'join';
  readonly enrolledAt: Date;
  readonly retiredAt: Date | null;
  readonly lastSeenAt: Date | null;
}

/** Agents in the database. */
export class AgentStore {
  readonly #client: PrismaClient;
  constructor(client: PrismaClient) {
    this.#client = client;
  }

  async list(): Promise<KnownAgent[]> {
    const rows = await this.#client.agent.findMany({
      orderBy: [{ retiredAt: 'desc' }, { id: 'asc' }],
      take: 1000,
    });
    return rows.map(agentOf);
  }

  /** Enrolled ones alone. */
  async find(id: string): Promise<KnownAgent | undefined> {
    const row = await this.#client.agent.findUnique({ where: { id, retiredAt: null } });
    return row ? agentOf(row) : undefined;
  }

  /** Retired ones as well. */
  async everEnrolled(id: string): Promise<KnownAgent | undefined> {
    const row = await this.#client.agent.findUnique({ where: { id } });
    return row ? agentOf(row) : undefined;
  }

  async retire(id: string, at: number): Promise<void> {
    await this.#client.agent.updateMany({
      where: { id, retiredAt: null },
      data: { retiredAt: new Date(at) },
    });
  }

  /** Those enrolled on these instances, by instance. */
  async onInstances(instanceIds: readonly string[]): Promise<ReadonlyMap<string, KnownAgent>> {
    const rows = await this.#client.agent.findMany({
      where: { instanceId: { in: [...instanceIds] }, retiredAt: null },
    });
    return new Map(rows.map((row) => [row.instanceId, agentOf(row)]));
  }

  async seen(id: string, at: number): Promise<void> {
    await this.#client.agent.updateMany({ where: { id }, data: { lastSeenAt: new Date(at) } });
  }

  /** Puts an agent in the place of whichever stood for its instance. */
  enrol(agent: Omit<KnownAgent, 'retiredAt' | 'lastSeenAt'>): Write {
    const { id, instanceId, accountId, publicKey, thumbprint, enrolledBy, enrolledAt } = agent;
    return async (transaction) => {
      await transaction.agent.updateMany({
        where: { instanceId, retiredAt: null, NOT: { id } },
        data: { retiredAt: enrolledAt },
      });
      await transaction.agent.upsert({
        where: { id },
        create: { id, instanceId, accountId, publicKey, thumbprint, enrolledBy, enrolledAt },
        update: { retiredAt: null, accountId },
      });
    };
  }

  /** Retires the agents of the file that it names no more. */
  async retireOthers(named: readonly string[], at: number): Promise<void> {
    await this.#client.agent.updateMany({
      where: { enrolledBy: 'file', retiredAt: null, id: { notIn: [...named] } },
      data: { retiredAt: new Date(at) },
    });
  }

  addJoinToken(token: {
    readonly id: string;
    readonly tokenHash: string;
    readonly instanceId: string;
    readonly madeBy: string;
    readonly createdAt: Date;
    readonly expiresAt: Date;
  }): Write {
    return async (transaction) => {
      await transaction.agentJoinToken.create({ data: token });
    };
  }

  joinToken(tokenHash: string) {
    return this.#client.agentJoinToken.findUnique({ where: { tokenHash } });
  }

  /** Refused by the database when the token was used meanwhile. */
  useJoinToken(id: string, at: number): Write {
    return async (transaction) => {
      await transaction.agentJoinToken.update({ where: { id }, data: { usedAt: new Date(at) } });
    };
  }
}

function agentOf<Row extends { enrolledBy: string }>(row: Row) {
  return { ...row, enrolledBy: row.enrolledBy as KnownAgent['enrolledBy'] };
}
