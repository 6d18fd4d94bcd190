import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import type { KnownAgent } from './agent.prisma-store.ts';
import type { FlowRecordDto, FlowsReportedDto } from './agents.dto.ts';
import { limits } from './limits.ts';

/** An agent's clock may be off by so much. */
const aheadMsMax = 60_000;

/** Keeps what agents report of conversations, each once, and only of tokens that were issued for that agent. */
export class ReportFlows {
  readonly #client: PrismaClient;
  readonly #effects: Effects;
  readonly #metrics: Metrics;
  readonly #onKept: () => void;
  readonly #reports = new Map<string, number[]>();

  constructor(client: PrismaClient, effects: Effects, metrics: Metrics, onKept: () => void) {
    this.#client = client;
    this.#effects = effects;
    this.#metrics = metrics;
    this.#onKept = onKept;
  }

  /** Refuses with AGENT_REPORTS_LIMITED. A record that was kept before counts as neither kept nor refused. */
  async run(agent: KnownAgent, records: readonly FlowRecordDto[]): Promise<FlowsReportedDto> {
    const now = this.#effects.clock.now();
    this.#limit(agent.id, now);
    const believed = await this.#believed(agent, records, now);
    const { count } = await this.#client.flowRecord.createMany({
      data: believed.map((record) => ({
        ...{ agentId: agent.id, flowId: record.flowId, grantId: record.grantId, personId: record.personId },
        ...{ jti: record.jti, proto: record.proto, source: record.source ?? null },
        ...{ destination: record.destination, port: record.port ?? null, name: record.name ?? null },
        ...{
          bytesUp: record.bytesUp,
          bytesDown: record.bytesDown,
          end: record.end,
          code: record.code ?? null,
        },
        ...{ startedAt: new Date(record.startedAt), endedAt: new Date(record.endedAt) },
        reportedAt: new Date(now),
      })),
      skipDuplicates: true,
    });
    const refused = records.length - believed.length;
    this.#metrics.flows.inc({ outcome: 'kept' }, count);
    this.#metrics.flows.inc({ outcome: 'refused' }, refused);
    if (count > 0) this.#onKept();
    return { kept: count, refused };
  }

  /** Those of a token that was issued to this person, for this grant and this agent, at times that can be. */
  async #believed(
    agent: KnownAgent,
    records: readonly FlowRecordDto[],
    now: number,
  ): Promise<FlowRecordDto[]> {
    const issued = await this.#client.agentToken.findMany({
      where: { id: { in: records.map(({ jti }) => jti) }, agentId: agent.id },
      select: { id: true, grantId: true, personId: true },
    });
    const known = new Set(issued.map(({ id, grantId, personId }) => `${id} ${grantId} ${personId}`));
    return records.filter(
      ({ jti, grantId, personId, startedAt, endedAt }) =>
        known.has(`${jti} ${grantId} ${personId}`) &&
        Date.parse(startedAt) <= Date.parse(endedAt) &&
        Date.parse(endedAt) <= now + aheadMsMax,
    );
  }

  #limit(agentId: string, now: number): void {
    const recent = (this.#reports.get(agentId) ?? []).filter((at) => at > now - 60_000);
    if (recent.length >= limits.reportsPerMinuteMax)
      throw new Problem('AGENT_REPORTS_LIMITED', { retryAfterSeconds: 10 });
    this.#reports.set(agentId, [...recent, now]);
  }
}
