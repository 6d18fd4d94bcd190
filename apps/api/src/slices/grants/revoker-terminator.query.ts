import { leaseSessionName } from '@sallyport/iam-policy';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import type { SessionRevoker } from '../../platform/aws/revoker/session-revoker.ts';
import { SessionTerminator } from './session-terminator.ts';

/** Where leases of a grant were good for; failed and unknown ones count, since their answer may have been lost. */
export function placesOfLeases(
  client: PrismaClient,
  grantId: string,
): Promise<{ accountId: string; region: string }[]> {
  return client.lease.findMany({
    where: { grantId },
    distinct: ['accountId', 'region'],
    select: { accountId: true, region: true },
  });
}

/** Ends sessions through the revoking principal, wherever leases of the grant were good for. */
export class RevokerTerminator extends SessionTerminator {
  readonly #client: PrismaClient;
  readonly #revoker: SessionRevoker;

  constructor(client: PrismaClient, revoker: SessionRevoker) {
    super();
    this.#client = client;
    this.#revoker = revoker;
  }

  async sweep(grantId: string): Promise<string[]> {
    const places = await placesOfLeases(this.#client, grantId);
    const ended: string[] = [];
    const failures: unknown[] = [];
    // What cannot be ended must not shield what can: everything is tried, then the first failure asks for a repetition.
    const note = (error: unknown) => void failures.push(error);
    for (const { accountId, region } of places) {
      const prefix = `${leaseSessionName(grantId)}-`;
      const found = await this.#revoker.list({ accountId, region, prefix }).catch(note);
      for (const { ssmSessionId } of found ?? [])
        await this.#revoker
          .terminate({ accountId, region, ssmSessionId })
          .then(() => ended.push(ssmSessionId), note);
    }
    if (failures.length > 0) throw failures[0];
    return ended;
  }
}
