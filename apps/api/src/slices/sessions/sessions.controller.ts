import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { purposeOfDocument } from '@sallyport/catalog';
import { Problem } from '@sallyport/problems';
import { IsIn, IsOptional } from 'class-validator';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { ChangeSession } from './change-session.handler.ts';
import {
  CloseSessionDto,
  HeartbeatAnswerDto,
  HeartbeatDto,
  OpenSessionDto,
  SessionDto,
  SessionListDto,
  TerminateSessionDto,
} from './session.dto.ts';
import { SessionStore, type StoredSession } from './session.prisma-store.ts';

const views = ['mine', 'all'] as const;
const lives = ['live', 'closed'] as const;

/** Which sessions to list. */
export class SessionFilterDto {
  @ApiProperty({ required: false, enum: [...views] })
  @IsOptional()
  @IsIn([...views])
  view?: (typeof views)[number];
  @ApiProperty({ required: false, enum: [...lives] })
  @IsOptional()
  @IsIn([...lives])
  state?: (typeof lives)[number];
}

@ApiTags('sessions')
@Controller('sessions')
export class SessionsController {
  readonly #change: ChangeSession;
  readonly #sessions: SessionStore;

  constructor(@Inject(ChangeSession) change: ChangeSession, @Inject(SessionStore) sessions: SessionStore) {
    this.#change = change;
    this.#sessions = sessions;
  }

  @Post()
  @Access({ scopes: ['connect'] })
  @ApiOperation({ operationId: 'openSession', summary: 'Tell that a session begins' })
  @ApiCreatedResponse({ type: SessionDto })
  async open(@CurrentActor() actor: Actor, @Body() body: OpenSessionDto): Promise<SessionDto> {
    return sessionDto(await this.#change.open(actor, body));
  }

  @Post(':id/heartbeat')
  @HttpCode(200)
  @Access({ scopes: ['connect'] })
  @ApiOperation({
    operationId: 'beatSession',
    summary: 'Tell that a session lives; the answer may say close',
  })
  @ApiOkResponse({ type: HeartbeatAnswerDto })
  async heartbeat(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() body: HeartbeatDto,
  ): Promise<HeartbeatAnswerDto> {
    const beat = { ...body, ssmSessionId: body.ssmSessionId ?? null, lost: body.lost ?? null };
    const { stored, close } = await this.#change.hear(id, actor, beat);
    return { session: sessionDto(stored), close };
  }

  @Post(':id/close')
  @HttpCode(200)
  @Access({ scopes: ['connect'] })
  @ApiOperation({ operationId: 'closeSession', summary: 'Tell that a session ended, and why' })
  @ApiOkResponse({ type: SessionDto })
  async close(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() body: CloseSessionDto,
  ): Promise<SessionDto> {
    return sessionDto(await this.#change.close(id, actor, body));
  }

  @Post(':id/terminate')
  @HttpCode(200)
  @Access({ scopes: ['admin'], roles: ['admin'] })
  @ApiOperation({ operationId: 'terminateSession', summary: 'Cut one session; its grant stays' })
  @ApiOkResponse({ type: SessionDto })
  async terminate(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() body: TerminateSessionDto,
  ): Promise<SessionDto> {
    return sessionDto(await this.#change.terminate(id, actor, body.reason));
  }

  @Get()
  @Access({ scopes: ['read'] })
  @ApiOperation({
    operationId: 'listSessions',
    summary: 'Sessions: mine, or all for an administrator or auditor',
  })
  @ApiOkResponse({ type: SessionListDto })
  async list(@CurrentActor() actor: Actor, @Query() filter: SessionFilterDto): Promise<SessionListDto> {
    const all = filter.view === 'all';
    if (all && !actor.roles.some((role) => role === 'admin' || role === 'auditor'))
      throw new Problem('ROLE_MISSING', { detail: 'To see all sessions takes the role admin or auditor.' });
    const closed = filter.state === undefined ? undefined : filter.state === 'closed';
    const found = await this.#sessions.list({ ...(all ? {} : { personId: actor.id }), closed });
    return { items: found.map(sessionDto) };
  }
}

function sessionDto({ session, grantEndsAt, documentName, recording }: StoredSession): SessionDto {
  const iso = (milliseconds: number) => new Date(milliseconds).toISOString();
  return {
    id: session.id,
    state: session.state,
    endReason: 'endReason' in session ? session.endReason : null,
    grantId: session.grantId,
    purpose: purposeOfDocument(documentName),
    recording: recording && { state: recording.state, ids: [...recording.ids] },
    resource: session.resource,
    person: session.person,
    ssmSessionId: session.ssmSessionId,
    instanceId: session.instanceId,
    openedAt: iso(session.openedAt),
    closedAt: session.state === 'closed' ? iso(session.closedAt) : null,
    lastSeenAt: iso(session.lastSeenAt),
    endsAt: iso(grantEndsAt),
    bytesUp: session.bytesUp,
    bytesDown: session.bytesDown,
    clientVersion: session.clientVersion,
  };
}
