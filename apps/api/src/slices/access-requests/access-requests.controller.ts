import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { AccessRequestDto, AccessRequestListDto } from './access-request.dto.ts';
import { AccessRequestsQuery } from './access-requests.query.ts';
import { CloseAccessRequest } from './close-access-request.handler.ts';
import { SubmitAccessRequestDto } from './submit-access-request.dto.ts';
import { SubmitAccessRequest } from './submit-access-request.handler.ts';

@ApiTags('access-requests')
@Controller('access-requests')
export class AccessRequestsController {
  readonly #requests: AccessRequestsQuery;
  readonly #submit: SubmitAccessRequest;
  readonly #close: CloseAccessRequest;

  constructor(
    @Inject(AccessRequestsQuery) requests: AccessRequestsQuery,
    @Inject(SubmitAccessRequest) submit: SubmitAccessRequest,
    @Inject(CloseAccessRequest) close: CloseAccessRequest,
  ) {
    this.#requests = requests;
    this.#submit = submit;
    this.#close = close;
  }

  @Post()
  @Access({ scopes: ['request'] })
  @ApiOperation({ operationId: 'submitAccessRequest', summary: 'Ask for one or more resources' })
  @ApiCreatedResponse({ type: AccessRequestDto })
  async submit(
    @CurrentActor() actor: Actor,
    @Body() body: SubmitAccessRequestDto,
  ): Promise<AccessRequestDto> {
    const id = await this.#submit.submit(actor, {
      resources: body.resources,
      durationSeconds: body.durationSeconds,
      reason: body.reason,
      ticket: body.ticket?.trim() || null,
      startsAt: body.startsAt ? Date.parse(body.startsAt) : null,
    });
    return this.#requests.read(actor, id);
  }

  @Get()
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'listAccessRequests', summary: 'Requests: mine, those I may answer, or all' })
  @ApiQuery({ name: 'view', required: false, enum: ['mine', 'to-review', 'all'] })
  @ApiQuery({ name: 'state', required: false, description: 'states, separated by commas' })
  @ApiOkResponse({ type: AccessRequestListDto })
  async list(
    @CurrentActor() actor: Actor,
    @Query('view') view?: string,
    @Query('state') state?: string,
  ): Promise<AccessRequestListDto> {
    return { items: await this.#requests.list(actor, { view, state }) };
  }

  @Get(':id')
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'readAccessRequest', summary: 'One request with its facts' })
  @ApiOkResponse({ type: AccessRequestDto })
  read(@CurrentActor() actor: Actor, @Param('id') id: string): Promise<AccessRequestDto> {
    return this.#requests.read(actor, id);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Access({ scopes: ['request'] })
  @ApiOperation({ operationId: 'cancelAccessRequest', summary: 'Take back a request that waits' })
  @ApiOkResponse({ type: AccessRequestDto })
  async cancel(@CurrentActor() actor: Actor, @Param('id') id: string): Promise<AccessRequestDto> {
    await this.#close.cancel(id, actor);
    return this.#requests.read(actor, id);
  }
}
