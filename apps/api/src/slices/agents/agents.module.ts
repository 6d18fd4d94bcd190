import { Module } from '@nestjs/common';
import { AgentCalls } from './agent-calls.ts';
import { AgentsController } from './agents.controller.ts';
import { EndedGrants } from './ended-grants.ts';
import { EnrolAgent } from './enrol-agent.handler.ts';
import { FlowsQuery } from './flows.query.ts';
import { ReportFlows } from './report-flows.handler.ts';

@Module({
  controllers: [AgentsController],
  providers: [AgentCalls, EnrolAgent, EndedGrants, FlowsQuery, ReportFlows].map((provide) => ({
    provide,
    useFactory: () => new provide(),
  })),
})
export class AgentsModule {}
