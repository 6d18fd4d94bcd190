import type { PolicySet } from '@sallyport/access-domain';
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts';
import { Policies } from './policies.ts';

/** The policies in force, each content of which is kept, so that a request's `policy_digest` can always be read up. */
export class KeptPolicies extends Policies {
  readonly #set: PolicySet;

  private constructor(set: PolicySet) {
    super();
    this.#set = set;
  }

  static async keep(client: PrismaClient, set: PolicySet, now: number): Promise<KeptPolicies> {
    const content = JSON.parse(JSON.stringify(set.policies)) as Prisma.InputJsonArray;
    await client.policyVersion.createMany({
      data: [{ digest: set.digest, content, loadedAt: new Date(now) }],
      skipDuplicates: true,
    });
    return new KeptPolicies(set);
  }

  inForce(): PolicySet {
    return this.#set;
  }
}
