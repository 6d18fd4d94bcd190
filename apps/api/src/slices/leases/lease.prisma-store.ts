import { limits, type Lease } from '@sallyport/access-domain';
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts';
import { LostRace } from '../../platform/database/database-refusal.ts';
import type { Write } from '../../platform/database/unit-of-work.ts';

const parts = {
  person: { select: { id: true, name: true, email: true } },
  grant: { select: { requestId: true, resource: { select: { id: true, name: true, kind: true } } } },
} as const satisfies Prisma.LeaseInclude;

/** The window in which leases of a person count. */
export const leaseWindowMs = 60_000;

type LeaseRow = Prisma.LeaseGetPayload<{ include: typeof parts }>;

/** Leases in the database; their secrets never come here. */
export class LeaseStore {
  readonly #client: PrismaClient;
  constructor(client: PrismaClient) {
    this.#client = client;
  }

  async find(id: string): Promise<Lease | undefined> {
    const row = await this.#client.lease.findUnique({ where: { id }, include: parts });
    return row ? leaseOf(row) : undefined;
  }

  /** Intents of a grant that are not settled. */
  inFlight(grantId: string): Promise<number> {
    return this.#client.lease.count({ where: { grantId, state: 'intended' } });
  }

  /** Leases that a person asked for since a moment, whatever came of them. */
  askedSince(personId: string, since: number): Promise<number> {
    return this.#client.lease.count({ where: { personId, intendedAt: { gt: new Date(since) } } });
  }

  /** Intents from before a moment whose outcome nobody wrote down. */
  async forgotten(before: number): Promise<Lease[]> {
    const where = { state: 'intended', intendedAt: { lte: new Date(before) } };
    const rows = await this.#client.lease.findMany({ where, include: parts, take: 500 });
    return rows.map(leaseOf);
  }

  /** When the oldest intent was committed. */
  async oldestIntent(): Promise<number | undefined> {
    const { _min } = await this.#client.lease.aggregate({
      where: { state: 'intended' },
      _min: { intendedAt: true },
    });
    return _min.intendedAt?.getTime();
  }

  /** How many leases the clock or the end of their grant has overtaken. */
  countOvertaken(now: number): Promise<number> {
    return this.#client.lease.count({
      where: {
        state: { in: ['issued', 'unknown'] },
        OR: [{ usefulUntil: { lte: new Date(now) } }, { grant: { state: 'ended' } }],
      },
    });
  }

  /** When the next lease lapses. */
  async nextLapse(): Promise<number | undefined> {
    const { _min } = await this.#client.lease.aggregate({
      where: { state: { in: ['issued', 'unknown'] } },
      _min: { usefulUntil: true },
    });
    return _min.usefulUntil?.getTime();
  }

  /** Writes what `leaseAt` says of every lease that was overtaken. */
  endOvertaken(now: number): Write {
    const at = new Date(now).toISOString();
    return async (transaction) => {
      await transaction.$executeRaw`
        UPDATE lease SET version = lease.version + 1,
          state = CASE WHEN held.ended_at < lease.useful_until THEN 'cut' ELSE 'lapsed' END
        FROM access_grant AS held
        WHERE held.id = lease.grant_id AND lease.state IN ('issued', 'unknown')
          AND (lease.useful_until <= ${at}::timestamptz OR held.state = 'ended')`;
    };
  }

  /**
   * Lets one intent of a person be committed at a time and counts again: of many at once, each would have counted
   * none of the others. Throws LostRace when a limit is reached by now, so that the decision is made anew.
   */
  admit(lease: Lease): Write {
    return async (transaction) => {
      await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('lease'), hashtext(${lease.person.id}))`;
      const since = new Date(lease.intendedAt - leaseWindowMs);
      const [inFlight, lastMinute] = [
        await transaction.lease.count({ where: { grantId: lease.grantId, state: 'intended' } }),
        await transaction.lease.count({ where: { personId: lease.person.id, intendedAt: { gt: since } } }),
      ];
      if (inFlight >= limits.leasesInFlightMax || lastMinute >= limits.leasesPerMinuteMax)
        throw new LostRace(`lease ${lease.id}`);
    };
  }

  /** `clientRecording`: whether the client is to record what is shown under it. */
  insert(lease: Lease, { clientRecording }: { readonly clientRecording: boolean }): Write {
    const { id, version, grantId, state, accountId, region, instanceId, documentName } = lease;
    const data = { id, version, grantId, state, accountId, region, instanceId, documentName };
    const [intendedAt, usefulUntil] = [new Date(lease.intendedAt), new Date(lease.usefulUntil)];
    return async (transaction) => {
      await transaction.lease.create({
        data: { ...data, personId: lease.person.id, intendedAt, usefulUntil, clientRecording },
      });
    };
  }

  /** Saves what a decision made of a lease. */
  save(lease: Lease): Write {
    const settledAt = lease.state === 'intended' ? null : new Date(lease.settledAt);
    const accessKeyId = lease.state === 'issued' ? lease.accessKeyId : undefined;
    const failureCode = lease.state === 'failed' || lease.state === 'unknown' ? lease.failureCode : undefined;
    return async (transaction) => {
      const { count } = await transaction.lease.updateMany({
        where: { id: lease.id, version: lease.version - 1 },
        data: { state: lease.state, version: lease.version, settledAt, accessKeyId, failureCode },
      });
      if (count !== 1) throw new LostRace(`lease ${lease.id}`);
    };
  }
}

function leaseOf(row: LeaseRow): Lease {
  const base = {
    id: row.id,
    version: row.version,
    grantId: row.grantId,
    requestId: row.grant.requestId,
    person: row.person,
    resource: { ...row.grant.resource, kind: row.grant.resource.kind as Lease['resource']['kind'] },
    intendedAt: row.intendedAt.getTime(),
    usefulUntil: row.usefulUntil.getTime(),
    accountId: row.accountId,
    region: row.region,
    instanceId: row.instanceId,
    documentName: row.documentName,
  };
  const settledAt = row.settledAt?.getTime() ?? base.intendedAt;
  switch (row.state) {
    case 'intended':
      return { ...base, state: 'intended' };
    case 'issued':
      return { ...base, state: 'issued', settledAt, accessKeyId: row.accessKeyId ?? '' };
    case 'failed':
    case 'unknown':
      return { ...base, state: row.state, settledAt, failureCode: row.failureCode ?? '' };
    default:
      return { ...base, state: row.state as 'lapsed' | 'cut', settledAt };
  }
}
