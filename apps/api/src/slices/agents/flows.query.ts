import type { Person } from '@sallyport/access-domain';
import { Problem } from '@sallyport/problems';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import { maySeeGrant, type GrantStore } from '../grants/index.ts';
import type { FlowDto, FlowListDto } from './agents.dto.ts';

const pageSize = 50;
const destinationsMax = 50;

type Proto = FlowDto['proto'];

/** Conversations through agents, for people. */
export class FlowsQuery {
  readonly #client: PrismaClient;
  readonly #grants: GrantStore;

  constructor(client: PrismaClient, grants: GrantStore) {
    this.#client = client;
    this.#grants = grants;
  }

  /** The latest first. Refuses with GRANT_UNKNOWN, also what the person may not see, and FILTER_INVALID. */
  async ofGrant(person: Person, grantId: string, cursor?: string): Promise<FlowListDto> {
    const grant = await this.#grants.find(grantId);
    if (!grant || !maySeeGrant(grant, person)) throw new Problem('GRANT_UNKNOWN');
    const rows = await this.#client.flowRecord.findMany({
      where: { grantId, ...(cursor === undefined ? {} : after(cursor)) },
      orderBy: [{ endedAt: 'desc' }, { flowId: 'asc' }],
      take: pageSize,
    });
    const last = rows.length === pageSize ? rows.at(-1) : undefined;
    return {
      items: rows.map((row) => ({
        ...{ agentId: row.agentId, flowId: row.flowId, grantId, personId: row.personId, jti: row.jti },
        ...{ proto: row.proto as Proto, source: row.source, destination: row.destination, port: row.port },
        ...{ name: row.name, bytesUp: Number(row.bytesUp), bytesDown: Number(row.bytesDown) },
        ...{ startedAt: row.startedAt.toISOString(), endedAt: row.endedAt.toISOString() },
        ...{ end: row.end as FlowDto['end'], code: row.code },
      })),
      nextCursor: last ? `${last.endedAt.getTime()}.${last.flowId}` : null,
      destinations: await this.#destinations(grantId),
    };
  }

  async #destinations(grantId: string): Promise<FlowListDto['destinations']> {
    const by = ['destination', 'port', 'proto', 'name'] as const;
    const sums = await this.#client.flowRecord.groupBy({
      by: [...by],
      where: { grantId },
      _count: true,
      _sum: { bytesUp: true, bytesDown: true },
      _max: { endedAt: true },
      orderBy: [{ _sum: { bytesDown: 'desc' } }, { _sum: { bytesUp: 'desc' } }],
      take: destinationsMax,
    });
    const refused = await this.#client.flowRecord.groupBy({
      by: [...by],
      where: { grantId, end: 'refused', destination: { in: sums.map(({ destination }) => destination) } },
      _count: true,
    });
    const key = (row: { destination: string; port: number | null; proto: string; name: string | null }) =>
      JSON.stringify(by.map((field) => row[field]));
    const refusals = new Map(refused.map((row) => [key(row), row._count]));
    return sums.map((row) => ({
      ...{ destination: row.destination, port: row.port, proto: row.proto as Proto, name: row.name },
      ...{ flows: row._count, refused: refusals.get(key(row)) ?? 0 },
      ...{ bytesUp: Number(row._sum.bytesUp ?? 0), bytesDown: Number(row._sum.bytesDown ?? 0) },
      lastAt: (row._max.endedAt ?? new Date(0)).toISOString(),
    }));
  }
}

/** What comes after a page's last one. Many end in the same millisecond when their grant does, so the time alone is no place. */
function after(cursor: string) {
  const [, time, flowId] = /^(\d{1,15})\.([\w-]{8,64})$/.exec(cursor) ?? [];
  if (time === undefined || flowId === undefined)
    throw new Problem('FILTER_INVALID', { detail: 'The cursor is none of ours.' });
  const endedAt = new Date(Number(time));
  return { OR: [{ endedAt: { lt: endedAt } }, { endedAt, flowId: { gt: flowId } }] };
}
