import { mayReview, requestAt, type AccessRequest, type Person } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts';
import type { UsualWait } from '../policies/index.ts';
import {
  requestStates,
  type AccessRequestDto,
  type FactsDto,
  type FactsHistoryDto,
} from './access-request.dto.ts';
import { requestOf, requestParts } from './access-request.prisma-store.ts';
import { maySeeRequest } from './close-access-request.handler.ts';

const listMax = 500;
const historyMs = 30 * 24 * 3600 * 1000;

const parts = {
  ...requestParts,
  reviews: { include: { reviewer: { select: { id: true, name: true, email: true } } } },
} as const satisfies Prisma.AccessRequestInclude;

type Row = Prisma.AccessRequestGetPayload<{ include: typeof parts }>;

export interface RequestFilter {
  readonly view?: string | undefined;
  /** States, separated by commas. */
  readonly state?: string | undefined;
}

/** Requests as people see them, always compared with the clock. */
export class AccessRequestsQuery {
  readonly #client: PrismaClient;
  readonly #effects: Effects;
  readonly #usualWait: UsualWait;

  constructor(client: PrismaClient, effects: Effects, usualWait: UsualWait) {
    this.#client = client;
    this.#effects = effects;
    this.#usualWait = usualWait;
  }

  /** The newest first; those to review, the oldest first. Refuses with FILTER_INVALID. */
  async list(person: Person, { view = 'mine', state }: RequestFilter): Promise<AccessRequestDto[]> {
    const where = viewOf(view, person);
    if (!where) throw new Problem('FILTER_INVALID', { detail: 'The view is mine, to-review or all.' });
    const states = state?.split(',') ?? (view === 'to-review' ? ['pending'] : [...requestStates]);
    const unknown = states.find((one) => !requestStates.includes(one as AccessRequestDto['state']));
    if (unknown !== undefined)
      throw new Problem('FILTER_INVALID', { detail: `A request is never ${unknown}.` });
    const now = this.#effects.clock.now();
    const rows = await this.#client.accessRequest.findMany({
      // By the database: what is left out afterwards would take the place of what is wanted.
      where: { AND: [where, { OR: states.map((one) => whereState(one, new Date(now))) }] },
      include: parts,
      orderBy: [{ createdAt: view === 'to-review' ? 'asc' : 'desc' }, { id: 'asc' }],
      take: listMax,
    });
    const wanted = rows.filter((row) => states.includes(requestAt(requestOf(row), now).state));
    const histories = await this.#histories(wanted.map((row) => row.requesterId));
    return Promise.all(wanted.map((row) => this.#shown(row, person, histories)));
  }

  /** Refuses with REQUEST_UNKNOWN. */
  async read(person: Person, id: string): Promise<AccessRequestDto> {
    const row = await this.#client.accessRequest.findUnique({ where: { id }, include: parts });
    if (!row || !maySeeRequest(requestOf(row), person)) throw new Problem('REQUEST_UNKNOWN');
    return this.#shown(row, person, await this.#histories([row.requesterId]));
  }

  /** How many requests wait for this person's answer. */
  toReviewCount(person: Person): Promise<number> {
    const open = whereState('pending', new Date(this.#effects.clock.now()));
    return this.#client.accessRequest.count({ where: { AND: [viewOf('to-review', person) ?? {}, open] } });
  }

  async #shown(
    row: Row,
    person: Person,
    histories: ReadonlyMap<string, FactsHistoryDto>,
  ): Promise<AccessRequestDto> {
    const request = requestAt(requestOf(row), this.#effects.clock.now());
    const { id, name, email } = request.requester;
    const facts = row.facts as unknown as FactsDto;
    const history = histories.get(id) ?? { asked30d: 0, used30d: 0 };
    return {
      id: request.id,
      state: request.state,
      version: request.version,
      requester: { id, name, email },
      items: request.items.map((item) => ({
        id: item.id,
        state: item.state,
        resource: item.resource,
        grantId: item.grantId,
      })),
      reason: request.reason,
      ticket: request.ticket,
      durationSeconds: request.durationSeconds,
      createdAt: timeOf(request.createdAt),
      startsAt: request.startsAt === null ? null : timeOf(request.startsAt),
      lapsesAt: timeOf(request.lapsesAt),
      decidedAt: request.state === 'pending' ? null : timeOf(request.decidedAt),
      reviews: row.reviews.map(reviewShown),
      reviewers: [...request.reviewers],
      usualWaitSeconds: request.reviewers.length > 0 ? await this.#usualWait.of(request.reviewers) : null,
      ...permissions(request, person),
      facts: { ...facts, history },
      factsDigest: request.factsDigest,
      extension: facts.extension ?? null,
    };
  }

  /** Per requester: how often they asked in 30 days, and how many of the grants they then used. */
  async #histories(requesterIds: readonly string[]): Promise<Map<string, FactsHistoryDto>> {
    const ids = [...new Set(requesterIds)];
    const since = new Date(this.#effects.clock.now() - historyMs);
    const [asked, used] = await Promise.all([
      this.#client.accessRequest.groupBy({
        by: ['requesterId'],
        where: { requesterId: { in: ids }, createdAt: { gt: since } },
        _count: true,
      }),
      this.#client.grant.groupBy({
        by: ['personId'],
        where: { personId: { in: ids }, createdAt: { gt: since }, sessions: { some: {} } },
        _count: true,
      }),
    ]);
    const usedBy = new Map(used.map((one) => [one.personId, one._count]));
    return new Map(
      asked.map((one) => [
        one.requesterId,
        { asked30d: one._count, used30d: usedBy.get(one.requesterId) ?? 0 },
      ]),
    );
  }
}

const timeOf = (at: number) => new Date(at).toISOString();

function reviewShown(review: Row['reviews'][number]) {
  const { id, reviewer, automatic, verdict, comment } = review;
  return {
    id,
    reviewer,
    automatic,
    verdict: verdict as 'approve' | 'deny',
    comment,
    at: review.at.toISOString(),
  };
}

function permissions(request: AccessRequest, person: Person) {
  const pending = request.state === 'pending';
  return {
    mayReview: pending && mayReview(request, person),
    mayCancel: pending && request.requester.id === person.id,
  };
}

/** Not for more time on a grant that has ended. */
const stillStanding: Prisma.AccessRequestWhereInput = {
  OR: [{ extendsGrantId: null }, { extended: { state: { not: 'ended' } } }],
};

/** What `requestAt` says, as a condition. */
function whereState(state: string, now: Date): Prisma.AccessRequestWhereInput {
  switch (state) {
    case 'pending':
      return { state, lapsesAt: { gt: now }, ...stillStanding };
    case 'lapsed':
      return {
        OR: [
          { state },
          { state: 'pending', OR: [{ lapsesAt: { lte: now } }, { extended: { state: 'ended' } }] },
        ],
      };
    default:
      return { state };
  }
}

function viewOf(view: string, person: Person): Prisma.AccessRequestWhereInput | undefined {
  const answerable = { reviewers: { hasSome: [...person.groups] }, requesterId: { not: person.id } };
  switch (view) {
    case 'mine':
      return { requesterId: person.id };
    case 'to-review':
      return answerable;
    case 'all':
      return person.roles.includes('admin') || person.roles.includes('auditor')
        ? {}
        : { OR: [{ requesterId: person.id }, answerable] };
    default:
      return undefined;
  }
}
