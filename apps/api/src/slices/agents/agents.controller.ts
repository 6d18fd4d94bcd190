import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { Access, Public } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import {
  AgentEnrolmentDto,
  AgentListDto,
  EnrolAgentDto,
  FlowListDto,
  FlowsReportedDto,
  JoinTokenDto,
  MakeJoinTokenDto,
  ReportFlowsDto,
  RevocationsDto,
} from './agents.dto.ts';
import { AgentCalls } from './agent-calls.ts';
import { EnrolAgent } from './enrol-agent.handler.ts';
import { EndedGrants } from './ended-grants.ts';
import { FlowsQuery } from './flows.query.ts';
import { ReportFlows } from './report-flows.handler.ts';

@ApiTags('agents')
@Controller()
export class AgentsController {
  readonly #calls: AgentCalls;
  readonly #enrol: EnrolAgent;
  readonly #report: ReportFlows;
  readonly #ended: EndedGrants;
  readonly #flows: FlowsQuery;

  constructor(
    @Inject(AgentCalls) calls: AgentCalls,
    @Inject(EnrolAgent) enrol: EnrolAgent,
    @Inject(ReportFlows) report: ReportFlows,
    @Inject(EndedGrants) ended: EndedGrants,
    @Inject(FlowsQuery) flows: FlowsQuery,
  ) {
    this.#calls = calls;
    this.#enrol = enrol;
    this.#report = report;
    this.#ended = ended;
    this.#flows = flows;
  }

  @Get('agents')
  @Access({ scopes: ['admin', 'audit'], roles: ['admin', 'auditor'] })
  @ApiOperation({ operationId: 'listAgents', summary: 'Companion agents that are enrolled' })
  @ApiOkResponse({ type: AgentListDto })
  async list(): Promise<AgentListDto> {
    return { items: await this.#enrol.list() };
  }

  @Post('agents/join-tokens')
  @Access({ scopes: ['admin'], roles: ['admin'] })
  @ApiOperation({ operationId: 'makeJoinToken', summary: 'Let the agent of one instance enrol, once' })
  @ApiCreatedResponse({ type: JoinTokenDto })
  makeJoinToken(
    @CurrentActor() actor: Actor,
    @Body() { instanceId }: MakeJoinTokenDto,
  ): Promise<JoinTokenDto> {
    return this.#enrol.makeJoinToken(actor, instanceId);
  }

  @Post('agents/enrolments')
  @Public()
  @ApiOperation({ operationId: 'enrolAgent', summary: 'An agent enrols with its join token' })
  @ApiCreatedResponse({ type: AgentEnrolmentDto })
  enrol(@Body() { joinToken, instanceId, publicKey }: EnrolAgentDto): Promise<AgentEnrolmentDto> {
    return this.#enrol.enrol({ joinToken, instanceId, x: publicKey.x });
  }

  @Post('agents/:id/flows')
  @HttpCode(200)
  @Public()
  @ApiOperation({
    operationId: 'reportFlows',
    summary: 'An agent tells of conversations that ended (signed)',
  })
  @ApiOkResponse({ type: FlowsReportedDto })
  async reportFlows(
    @Param('id') agentId: string,
    @Body() { records }: ReportFlowsDto,
    @Req() request: Request,
  ): Promise<FlowsReportedDto> {
    const agent = await this.#calls.verify(agentId, request);
    return this.#report.run(agent, records);
  }

  @Get('agents/:id/revocations')
  @Public()
  @ApiOperation({
    operationId: 'awaitRevocations',
    summary: 'Grants that ended, at once as they end (signed)',
  })
  @ApiQuery({ name: 'after', required: false, type: Number, description: 'the cursor of the last answer' })
  @ApiOkResponse({ type: RevocationsDto })
  async awaitRevocations(
    @Param('id') agentId: string,
    @Req() request: Request,
    @Query('after') after?: string,
  ): Promise<RevocationsDto> {
    await this.#calls.verify(agentId, request);
    const gone = new AbortController();
    request.once('close', () => gone.abort());
    const { revoked, cursor } = await this.#ended.since(after, gone.signal);
    return { revoked: [...revoked], cursor };
  }

  @Get('grants/:id/flows')
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'listFlows', summary: 'Where a grant was used to, and how much' })
  @ApiQuery({ name: 'cursor', required: false })
  @ApiOkResponse({ type: FlowListDto })
  listFlows(
    @CurrentActor() actor: Actor,
    @Param('id') grantId: string,
    @Query('cursor') cursor?: string,
  ): Promise<FlowListDto> {
    return this.#flows.ofGrant(actor, grantId, cursor);
  }
}
