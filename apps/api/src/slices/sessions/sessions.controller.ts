import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Problem } from '@sallyport/problems';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import {
  CloseSessionDto,
  HeartbeatAnswerDto,
  HeartbeatDto,
  OpenSessionDto,
  SessionDto,
  SessionListDto,
  TerminateSessionDto,
} from './session.dto.ts';

@ApiTags('sessions')
@Controller('sessions')
export class SessionsController {
  @Post()
  @Access({ scopes: ['connect'] })
  @ApiOperation({ operationId: 'openSession', summary: 'Tell that a session begins' })
  @ApiCreatedResponse({ type: SessionDto })
  open(@CurrentActor() _actor: Actor, @Body() _body: OpenSessionDto): Promise<SessionDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Post(':id/heartbeat')
  @HttpCode(200)
  @Access({ scopes: ['connect'] })
  @ApiOperation({
    operationId: 'beatSession',
    summary: 'Tell that a session lives; the answer may say close',
  })
  @ApiOkResponse({ type: HeartbeatAnswerDto })
  heartbeat(
    @CurrentActor() _actor: Actor,
    @Param('id') _id: string,
    @Body() _body: HeartbeatDto,
  ): Promise<HeartbeatAnswerDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Post(':id/close')
  @HttpCode(200)
  @Access({ scopes: ['connect'] })
  @ApiOperation({ operationId: 'closeSession', summary: 'Tell that a session ended, and why' })
  @ApiOkResponse({ type: SessionDto })
  close(
    @CurrentActor() _actor: Actor,
    @Param('id') _id: string,
    @Body() _body: CloseSessionDto,
  ): Promise<SessionDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Post(':id/terminate')
  @HttpCode(200)
  @Access({ scopes: ['admin'], roles: ['admin'] })
  @ApiOperation({ operationId: 'terminateSession', summary: 'Cut one session; its grant stays' })
  @ApiOkResponse({ type: SessionDto })
  terminate(
    @CurrentActor() _actor: Actor,
    @Param('id') _id: string,
    @Body() _body: TerminateSessionDto,
  ): Promise<SessionDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Get()
  @Access({ scopes: ['read'] })
  @ApiOperation({
    operationId: 'listSessions',
    summary: 'Sessions: mine, or all for an administrator or auditor',
  })
  @ApiQuery({ name: 'view', required: false, enum: ['mine', 'all'] })
  @ApiQuery({ name: 'state', required: false, enum: ['live', 'closed'] })
  @ApiOkResponse({ type: SessionListDto })
  list(
    @CurrentActor() _actor: Actor,
    @Query('view') _view?: string,
    @Query('state') _state?: string,
  ): Promise<SessionListDto> {
    throw new Problem('INTERNAL_ERROR');
  }
}
