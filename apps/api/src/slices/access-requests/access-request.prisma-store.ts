import {
  limits,
  type AccessPolicy,
  type AccessRequest,
  type Facts,
  type ItemState,
  type Review,
} from '@sallyport/access-domain';
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts';
import { LostRace } from '../../platform/database/database-refusal.ts';
import type { Write } from '../../platform/database/unit-of-work.ts';
import type { LiveHint } from '../../platform/live-hints/live-hints.ts';

/** What it takes to make a request of its row. */
export const requestParts = {
  requester: { select: { id: true, name: true, email: true, roles: true, groups: true } },
  items: {
    orderBy: { position: 'asc' },
    include: { resource: { select: { id: true, name: true, kind: true } }, grant: { select: { id: true } } },
  },
  extended: { select: { id: true, endedAt: true } },
} as const satisfies Prisma.AccessRequestInclude;

export type RequestRow = Prisma.AccessRequestGetPayload<{ include: typeof requestParts }>;

export function requestOf(row: RequestRow): AccessRequest {
  const base = {
    id: row.id,
    version: row.version,
    requester: row.requester,
    items: row.items.map((item) => ({
      id: item.id,
      resource: { ...item.resource, kind: item.resource.kind as 'database' },
      policy: item.policy as unknown as AccessPolicy,
      state: item.state as ItemState,
      grantId: item.grant?.id ?? (given(item.state) ? row.extendsGrantId : null),
    })),
    reason: row.reason,
    ticket: row.ticket,
    durationSeconds: row.durationSeconds,
    createdAt: row.createdAt.getTime(),
    startsAt: row.startsAt?.getTime() ?? null,
    lapsesAt: row.lapsesAt.getTime(),
    policyDigest: row.policyDigest,
    reviewers: row.reviewers,
    factsDigest: row.factsDigest,
    extends: row.extended && {
      grantId: row.extended.id,
      endedAt: row.extended.endedAt?.getTime() ?? null,
    },
  };
  if (row.state === 'pending') return { ...base, state: 'pending' };
  return {
    ...base,
    state: row.state as 'approved',
    decidedAt: row.decidedAt?.getTime() ?? base.lapsesAt,
  };
}

const given = (state: string) => state === 'approved' || state === 'narrowed';

/** Requests in the database. */
export class AccessRequestStore {
  readonly #client: PrismaClient;

  constructor(client: PrismaClient) {
    this.#client = client;
  }

  /** As stored; compare with the clock by `requestAt` or let a decision do so. */
  async find(id: string): Promise<{ request: AccessRequest; facts: Facts } | undefined> {
    const row = await this.#client.accessRequest.findUnique({ where: { id }, include: requestParts });
    return row ? { request: requestOf(row), facts: row.facts as unknown as Facts } : undefined;
  }

  /** Names of the resources for which a person's request waits. */
  async waitingNames(personId: string): Promise<Set<string>> {
    const items = await this.#client.requestItem.findMany({
      where: { requesterId: personId, open: true },
      select: { resource: { select: { name: true } } },
    });
    return new Set(items.map((item) => item.resource.name));
  }

  /** How often a person asked for what somebody has to answer. */
  askedSince(personId: string, since: number): Promise<number> {
    return this.#client.accessRequest.count({ where: askedOf(personId, since, 'review') });
  }

  /** How often policies by themselves said yes to a person. */
  automaticSince(personId: string, since: number): Promise<number> {
    return this.#client.accessRequest.count({ where: askedOf(personId, since, 'automatic') });
  }

  /**
   * Lets one request of a person be recorded at a time and counts those of its kind again: of many at once, each would
   * have counted none of the others. Throws LostRace when the limit is reached by now, so that the decision is made anew.
   */
  admit(personId: string, since: number, approval: 'review' | 'automatic'): Write {
    const most = approval === 'automatic' ? limits.automaticRequestsPerHourMax : limits.requestsPerHourMax;
    return async (transaction) => {
      await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('request'), hashtext(${personId}))`;
      const count = await transaction.accessRequest.count({ where: askedOf(personId, since, approval) });
      if (count >= most) throw new LostRace(`requests of ${personId}`);
    };
  }

  /** Ids of requests that nobody answered in time, and of extensions whose grant has ended. */
  async overdue(now: number, personId?: string): Promise<string[]> {
    const rows = await this.#client.accessRequest.findMany({
      where: {
        state: 'pending',
        OR: [{ lapsesAt: { lte: new Date(now) } }, { extended: { state: 'ended' } }],
        ...(personId ? { requesterId: personId } : {}),
      },
      select: { id: true },
      take: 500,
    });
    return rows.map((row) => row.id);
  }

  async nextLapse(): Promise<number | undefined> {
    const { _min } = await this.#client.accessRequest.aggregate({
      where: { state: 'pending' },
      _min: { lapsesAt: true },
    });
    return _min.lapsesAt?.getTime();
  }

  /** A request as it was submitted: pending, whatever was decided about it in the same commit. */
  insert(request: AccessRequest, facts: Facts): Write {
    return async (transaction) => {
      await transaction.accessRequest.create({
        data: {
          id: request.id,
          version: 1,
          requesterId: request.requester.id,
          state: 'pending',
          reason: request.reason,
          ticket: request.ticket,
          durationSeconds: request.durationSeconds,
          createdAt: new Date(request.createdAt),
          startsAt: request.startsAt === null ? null : new Date(request.startsAt),
          lapsesAt: new Date(request.lapsesAt),
          policyDigest: request.policyDigest,
          reviewers: [...request.reviewers],
          facts: jsonOf(facts),
          factsDigest: request.factsDigest,
          extendsGrantId: request.extends?.grantId ?? null,
        },
      });
      await transaction.requestItem.createMany({
        data: request.items.map((item, position) => ({
          id: item.id,
          requestId: request.id,
          requesterId: request.requester.id,
          position,
          resourceId: item.resource.id,
          state: 'pending',
          policy: jsonOf(item.policy),
        })),
      });
    };
  }

  insertReview(review: Review): Write {
    const { id, requestId, requesterId, verdict, comment, factsDigest, durationSeconds } = review;
    return async (transaction) => {
      await transaction.review.create({
        data: {
          id,
          requestId,
          requesterId,
          verdict,
          comment,
          factsDigest,
          durationSeconds,
          reviewerId: review.reviewer?.id ?? null,
          automatic: review.reviewer === null,
          at: new Date(review.at),
        },
      });
    };
  }

  /** Saves how a request was decided, after its review and before its grants. */
  close(request: AccessRequest): Write {
    const decidedAt = request.state === 'pending' ? null : new Date(request.decidedAt);
    return async (transaction) => {
      const { count } = await transaction.accessRequest.updateMany({
        where: { id: request.id, version: request.version - 1 },
        data: { state: request.state, version: request.version, decidedAt },
      });
      if (count !== 1) throw new LostRace(`request ${request.id}`);
      for (const item of request.items)
        if (item.state !== 'pending')
          await transaction.requestItem.update({ where: { id: item.id }, data: { state: item.state } });
    };
  }

  /** Replaces the facts of a pending request by what they are now. */
  refresh(request: AccessRequest, facts: Facts, factsDigest: string): Write {
    return async (transaction) => {
      const { count } = await transaction.accessRequest.updateMany({
        where: { id: request.id, version: request.version, state: 'pending' },
        data: { facts: jsonOf(facts), factsDigest, version: { increment: 1 } },
      });
      if (count !== 1) throw new LostRace(`request ${request.id}`);
    };
  }
}

function askedOf(
  requesterId: string,
  since: number,
  approval: 'review' | 'automatic',
): Prisma.AccessRequestWhereInput {
  const automatic = { automatic: true };
  const reviews = approval === 'automatic' ? { some: automatic } : { none: automatic };
  return { requesterId, createdAt: { gt: new Date(since) }, reviews };
}

function jsonOf(value: object): Prisma.InputJsonObject {
  return JSON.parse(JSON.stringify(value)) as Prisma.InputJsonObject;
}

/** Who is to look again when a request has changed. */
export function requestHint(
  request: Pick<AccessRequest, 'id' | 'version' | 'requester' | 'reviewers'>,
  now: number,
): LiveHint {
  return {
    topic: 'access-request',
    id: request.id,
    version: request.version,
    at: now,
    audience: { people: [request.requester.id], groups: request.reviewers, roles: ['admin', 'auditor'] },
  };
}
