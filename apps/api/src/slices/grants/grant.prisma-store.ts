import {
  grantAt,
  limits,
  reasonOf,
  type EndedGrant,
  type Grant,
  type GrantEndReason,
  type GrantExtension,
} from '@sallyport/access-domain';
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts';
import { LostRace } from '../../platform/database/database-refusal.ts';
import type { NewOutboxEntry, Write } from '../../platform/database/unit-of-work.ts';
import type { LiveHint } from '../../platform/live-hints/live-hints.ts';

const person = { select: { id: true, name: true, email: true } } as const;

/** What it takes to make a grant of its row. */
export const grantParts = {
  resource: { select: { id: true, name: true, kind: true } },
  person,
  approver: person,
  _count: { select: { intervals: true } },
} as const satisfies Prisma.GrantInclude;

export type GrantRow = Prisma.GrantGetPayload<{ include: typeof grantParts }>;

export function grantOf(row: GrantRow): Grant {
  const base = {
    id: row.id,
    version: row.version,
    requestId: row.requestId,
    itemId: row.itemId,
    resource: { ...row.resource, kind: row.resource.kind as Grant['resource']['kind'] },
    person: row.person,
    approvedBy: row.approver,
    reviewers: row.reviewers,
    reason: row.reason,
    createdAt: row.createdAt.getTime(),
    startsAt: row.startsAt.getTime(),
    endsAt: row.endsAt.getTime(),
    // The first interval is the grant itself.
    extensions: row._count.intervals - 1,
  };
  if (row.state !== 'ended') return { ...base, state: row.state as 'scheduled' | 'active' };
  return {
    ...base,
    state: 'ended',
    endedAt: row.endedAt?.getTime() ?? base.endsAt,
    endReason: row.endReason as GrantEndReason,
    endComment: row.endComment,
  };
}

/** The topic of the entries that look for sessions of an ended grant. */
export const sweepTopic = 'grant.sweep';

/** Grants in the database. */
export class GrantStore {
  readonly #client: PrismaClient;

  constructor(client: PrismaClient) {
    this.#client = client;
  }

  /** As stored; compare with the clock by `grantAt` or let a decision do so. */
  async find(id: string): Promise<Grant | undefined> {
    const row = await this.#client.grant.findUnique({ where: { id }, include: grantParts });
    return row ? grantOf(row) : undefined;
  }

  /** What a person can use now, for sentences about what more would add. */
  async usableBy(personId: string, now: number): Promise<Grant[]> {
    const rows = await this.#client.grant.findMany({
      where: { personId, state: { not: 'ended' }, endsAt: { gt: new Date(now) } },
      include: grantParts,
      orderBy: { endsAt: 'asc' },
    });
    return rows.map((row) => grantAt(grantOf(row), now)).filter((grant) => grant.state === 'active');
  }

  /** What a person has or will have, begun or not. */
  async standing(personId: string): Promise<Grant[]> {
    const where = { personId, state: { not: 'ended' } };
    return (await this.#client.grant.findMany({ where, include: grantParts })).map(grantOf);
  }

  insert(grant: Grant): Write {
    const { id, version, requestId, itemId, reason, state } = grant;
    const [startsAt, endsAt] = [new Date(grant.startsAt), new Date(grant.endsAt)];
    return async (transaction) => {
      await transaction.grant.create({
        data: {
          id,
          version,
          requestId,
          itemId,
          resourceId: grant.resource.id,
          personId: grant.person.id,
          approvedBy: grant.approvedBy?.id ?? null,
          automatic: grant.approvedBy === null,
          reviewers: [...grant.reviewers],
          reason,
          state,
          createdAt: new Date(grant.createdAt),
          startsAt,
          endsAt,
          intervals: { create: { id: `${id}:1`, startsAt, endsAt } },
        },
      });
    };
  }

  /**
   * Lets nobody else change a grant until the commit. Throws LostRace when somebody has since it was read, so that what
   * was decided about it is decided anew.
   */
  hold({ id, version }: Grant): Write {
    return async (transaction) => {
      const rows = await transaction.$queryRaw<unknown[]>`
        SELECT id FROM access_grant WHERE id = ${id} AND version = ${version} FOR UPDATE`;
      if (rows.length !== 1) throw new LostRace(`grant ${id}`);
    };
  }

  /** Adds the interval that an approved request gives, and moves the grant's end with it. */
  extend({ grant, startsAt, endsAt }: GrantExtension, requestId: string): Write {
    const id = `${grant.id}:${grant.extensions + 1}`;
    const times = { startsAt: new Date(startsAt), endsAt: new Date(endsAt) };
    return async (transaction) => {
      await this.hold({ ...grant, version: grant.version - 1 })(transaction);
      await transaction.grantInterval.create({ data: { id, grantId: grant.id, requestId, ...times } });
      await this.save(grant)(transaction);
    };
  }

  /** Saves what a decision made of a grant; `by` names who ended it. */
  save(grant: Grant, by?: string): Write {
    const ended =
      grant.state === 'ended'
        ? {
            endedAt: new Date(grant.endedAt),
            endReason: grant.endReason,
            endComment: grant.endComment,
            endedBy: by,
          }
        : {};
    return async (transaction) => {
      const { count } = await transaction.grant.updateMany({
        where: { id: grant.id, version: grant.version - 1 },
        data: {
          state: grant.state,
          version: grant.version,
          endsAt: new Date(grant.endsAt),
          ...ended,
        },
      });
      if (count !== 1) throw new LostRace(`grant ${grant.id}`);
    };
  }

  /** Tells the live sessions of an ended grant to end. */
  closeSessions(grant: EndedGrant): Write {
    return async (transaction) => {
      await transaction.session.updateMany({
        where: { grantId: grant.id, state: { in: ['opening', 'open', 'reconnecting'] } },
        data: { state: 'closing', endReason: reasonOf(grant), version: { increment: 1 } },
      });
    };
  }

  /** The leases of an ended grant that were still useful; what AWS gives out later, the timer of leases cuts. */
  cutLeases({ id, endedAt }: EndedGrant): Write {
    return async (transaction) => {
      await transaction.lease.updateMany({
        where: { grantId: id, state: { in: ['issued', 'unknown'] }, usefulUntil: { gt: new Date(endedAt) } },
        data: { state: 'cut', version: { increment: 1 } },
      });
    };
  }

  /** What readers of those sessions are to look at again. */
  async sessionHints(grant: Grant, now: number): Promise<LiveHint[]> {
    const rows = await this.#client.session.findMany({
      where: { grantId: grant.id, state: { in: ['opening', 'open', 'reconnecting'] } },
      select: { id: true, version: true },
    });
    const { audience } = grantHint(grant, now);
    return rows.map(({ id, version }) => ({ topic: 'session', id, version: version + 1, at: now, audience }));
  }

  /** Grants whose stored state the clock has overtaken. */
  async due(now: number): Promise<Grant[]> {
    const at = new Date(now);
    const rows = await this.#client.grant.findMany({
      where: {
        OR: [
          { state: 'scheduled', startsAt: { lte: at } },
          { state: { in: ['scheduled', 'active'] }, endsAt: { lte: at } },
        ],
      },
      include: grantParts,
      orderBy: { endsAt: 'asc' },
      take: 500,
    });
    return rows.map(grantOf);
  }

  async nextAt(): Promise<number | undefined> {
    const [start, end] = await Promise.all([
      this.#client.grant.aggregate({ where: { state: 'scheduled' }, _min: { startsAt: true } }),
      this.#client.grant.aggregate({
        where: { state: { in: ['scheduled', 'active'] } },
        _min: { endsAt: true },
      }),
    ]);
    const times = [start._min.startsAt, end._min.endsAt]
      .filter((at) => at !== null)
      .map((at) => at.getTime());
    return times.length > 0 ? Math.min(...times) : undefined;
  }
}

/** The sweeps that follow from the end of a grant: a lease in hand may start sessions for up to 120 s more. */
export function sweepEntries(grant: EndedGrant): NewOutboxEntry[] {
  return limits.sweepSeconds.map((seconds, index) =>
    sweepEntry(grant.id, seconds, {
      dueAt: grant.endedAt + seconds * 1000,
      last: index === limits.sweepSeconds.length - 1,
    }),
  );
}

/** One look for sessions of a grant, `seconds` after its end. */
export function sweepEntry(
  grantId: string,
  seconds: number,
  { dueAt, last }: { dueAt: number; last: boolean },
): NewOutboxEntry {
  return {
    topic: sweepTopic,
    key: `grant:${grantId}:terminate:${seconds}`,
    payload: { grantId, seconds, last },
    dueAt,
  };
}

/** Who is to look again when a grant has changed. */
export function grantHint(grant: Grant, now: number): LiveHint {
  return {
    topic: 'grant',
    id: grant.id,
    version: grant.version,
    at: now,
    audience: { people: [grant.person.id], groups: grant.reviewers, roles: ['admin', 'auditor'] },
  };
}
