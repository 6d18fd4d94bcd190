import type { AccessPolicy, SessionDemands } from '@sallyport/access-domain';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import type { Policies } from '../policies/index.ts';

/** How the sessions of a grant must be kept: as the policy said when it was asked for, and as it says now. */
export class DemandsOfGrant {
  readonly #client: PrismaClient;
  readonly #policies: Policies;

  constructor(client: PrismaClient, policies: Policies) {
    this.#client = client;
    this.#policies = policies;
  }

  async of(grantId: string): Promise<SessionDemands> {
    const items = await this.#client.requestItem.findMany({
      where: { grant: { id: grantId } },
      select: { policy: true },
    });
    const copied = items.map(({ policy }) => policy as unknown as AccessPolicy);
    const names = new Set(copied.map(({ name }) => name));
    const now = this.#policies.inForce().policies.filter(({ name }) => names.has(name));
    const all = [...copied, ...now].map(({ demands }) => demands);
    return {
      encryption: all.some((demands) => demands?.encryption === true),
      clientRecording: all.some((demands) => demands?.clientRecording === true),
    };
  }
}
