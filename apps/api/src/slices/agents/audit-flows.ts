import { happened, systemActor, type FlowTotals } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { DueJob } from '../../platform/jobs/due-work.ts';
import type { GrantStore } from '../grants/index.ts';
import { destinationsOf } from './destinations.ts';

/** Records wait so long at most until an event tells of them. */
const gatherMs = 60_000;
/** Records that one event sums up; more of one minute make more events. */
const recordsPerEventMax = 20_000;
const destinationsToldMax = 20;

/** Sums up the conversations of a grant and a minute in one audit event: never a commit for each. */
export class AuditFlows {
  readonly #client: PrismaClient;
  readonly #grants: GrantStore;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(client: PrismaClient, grants: GrantStore, unitOfWork: UnitOfWork, effects: Effects) {
    this.#client = client;
    this.#grants = grants;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  job(): DueJob {
    return {
      name: 'flows',
      nextAt: async () => {
        const { _min } = await this.#client.flowRecord.aggregate({
          where: { audited: false },
          _min: { reportedAt: true },
        });
        return _min.reportedAt ? _min.reportedAt.getTime() + gatherMs : undefined;
      },
      run: async (now) => {
        const due = await this.#client.flowRecord.groupBy({
          by: ['grantId'],
          where: { audited: false },
          _min: { reportedAt: true },
          having: { reportedAt: { _min: { lte: new Date(now - gatherMs) } } },
        });
        for (const { grantId } of due) await this.#tell(grantId, now);
      },
    };
  }

  async #tell(grantId: string, now: number): Promise<void> {
    const grant = await this.#grants.find(grantId);
    if (!grant) return;
    const rows = await this.#client.flowRecord.findMany({
      where: { grantId, audited: false },
      orderBy: { reportedAt: 'asc' },
      take: recordsPerEventMax,
    });
    if (rows.length === 0) return;
    const { resource, person, requestId } = grant;
    const about = { resources: [resource], subject: person, requestId, grantId };
    const occasion = { actor: systemActor, now, ids: this.#effects.ids };
    await this.#unitOfWork.attempt(() =>
      this.#unitOfWork.commit({
        writes: [
          async (transaction) => {
            await transaction.flowRecord.updateMany({
              where: { grantId, audited: false, OR: keysOf(rows) },
              data: { audited: true },
            });
          },
        ],
        events: [happened(occasion, 'flow.ended', about, totalsOf(rows))],
      }),
    );
  }
}

/** By agent, with its flows: the primary key in few conditions. */
function keysOf(rows: readonly { agentId: string; flowId: string }[]) {
  const byAgent = new Map<string, string[]>();
  for (const { agentId, flowId } of rows) byAgent.set(agentId, [...(byAgent.get(agentId) ?? []), flowId]);
  return [...byAgent].map(([agentId, flowIds]) => ({ agentId, flowId: { in: flowIds } }));
}

type Row = Parameters<typeof destinationsOf>[0][number] & { startedAt: Date };

function totalsOf(rows: readonly Row[]): FlowTotals {
  const destinations = destinationsOf(rows);
  const sum = (value: (row: Row) => bigint) => Number(rows.reduce((total, row) => total + value(row), 0n));
  return {
    flows: rows.length,
    refused: rows.filter(({ end }) => end === 'refused').length,
    bytesUp: sum(({ bytesUp }) => bytesUp),
    bytesDown: sum(({ bytesDown }) => bytesDown),
    from: Math.min(...rows.map(({ startedAt }) => startedAt.getTime())),
    until: Math.max(...rows.map(({ endedAt }) => endedAt.getTime())),
    destinations: destinations
      .slice(0, destinationsToldMax)
      .map(({ destination, port, proto, name, flows, refused }) => ({
        ...{ destination, port, proto, name, flows, refused },
      })),
    moreDestinations: Math.max(0, destinations.length - destinationsToldMax),
  };
}
