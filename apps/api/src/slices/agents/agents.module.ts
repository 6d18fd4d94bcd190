import { Inject, Injectable, Module, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { CONFIGURATION, type Configuration } from '../../configuration.ts';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { DueWork } from '../../platform/jobs/due-work.ts';
import { LiveHints } from '../../platform/live-hints/live-hints.ts';
import { Signer } from '../../platform/signer/signer.ts';
import { Metrics } from '../../platform/telemetry/metrics.ts';
import { GrantsModule } from '../grants/grants.module.ts';
import { GrantStore } from '../grants/index.ts';
import { AgentCalls } from './agent-calls.ts';
import { AgentStore } from './agent.prisma-store.ts';
import { keepAgentsFile } from './agents-file.ts';
import { AgentsController } from './agents.controller.ts';
import { AuditFlows } from './audit-flows.ts';
import { EndedGrants } from './ended-grants.ts';
import { EnrolAgent } from './enrol-agent.handler.ts';
import { FlowsQuery } from './flows.query.ts';
import { ReportFlows } from './report-flows.handler.ts';

@Injectable()
class AgentWork implements OnModuleInit, OnModuleDestroy {
  readonly #register: () => void;
  readonly #stop: () => void;
  constructor(
    @Inject(DueWork) dueWork: DueWork,
    @Inject(AuditFlows) flows: AuditFlows,
    @Inject(EndedGrants) ended: EndedGrants,
  ) {
    this.#register = () => {
      dueWork.register(ended.job());
      dueWork.register(flows.job());
    };
    this.#stop = () => ended.stop();
  }
  onModuleInit(): void {
    this.#register();
  }
  onModuleDestroy(): void {
    this.#stop();
  }
}

@Module({
  imports: [GrantsModule],
  controllers: [AgentsController],
  providers: [
    {
      provide: AgentStore,
      useFactory: async (
        client: PrismaClient,
        unitOfWork: UnitOfWork,
        effects: Effects,
        { agentsFile }: Configuration,
      ) => {
        const agents = new AgentStore(client);
        if (agentsFile !== undefined) await keepAgentsFile(agentsFile, agents, unitOfWork, effects);
        return agents;
      },
      inject: [PrismaClient, UnitOfWork, EFFECTS, CONFIGURATION],
    },
    {
      provide: AgentCalls,
      useFactory: (agents: AgentStore, signer: Signer, effects: Effects) =>
        new AgentCalls(agents, signer, effects),
      inject: [AgentStore, Signer, EFFECTS],
    },
    {
      provide: EnrolAgent,
      useFactory: (agents: AgentStore, signer: Signer, unitOfWork: UnitOfWork, effects: Effects) =>
        new EnrolAgent(agents, signer, unitOfWork, effects),
      inject: [AgentStore, Signer, UnitOfWork, EFFECTS],
    },
    {
      provide: EndedGrants,
      useFactory: (client: PrismaClient, effects: Effects, hints: LiveHints) =>
        new EndedGrants(client, effects, hints),
      inject: [PrismaClient, EFFECTS, LiveHints],
    },
    {
      provide: FlowsQuery,
      useFactory: (client: PrismaClient, grants: GrantStore) => new FlowsQuery(client, grants),
      inject: [PrismaClient, GrantStore],
    },
    {
      provide: ReportFlows,
      useFactory: (client: PrismaClient, effects: Effects, metrics: Metrics, dueWork: DueWork) =>
        new ReportFlows(client, effects, metrics, () => dueWork.wake()),
      inject: [PrismaClient, EFFECTS, Metrics, DueWork],
    },
    {
      provide: AuditFlows,
      useFactory: (client: PrismaClient, grants: GrantStore, unitOfWork: UnitOfWork, effects: Effects) =>
        new AuditFlows(client, grants, unitOfWork, effects),
      inject: [PrismaClient, GrantStore, UnitOfWork, EFFECTS],
    },
    AgentWork,
  ],
  exports: [AgentStore],
})
export class AgentsModule {}
