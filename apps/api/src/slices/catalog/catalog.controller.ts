import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { LogDestinationQuery } from './log-destination.query.ts';
import { LogDestinationDto, ResourceDto, ResourceListDto, SessionPolicyDto } from './resource.dto.ts';
import { ResourcesQuery } from './resources.query.ts';

@ApiTags('catalog')
@Controller('resources')
export class CatalogController {
  readonly #resources: ResourcesQuery;
  readonly #logs: LogDestinationQuery;

  constructor(
    @Inject(ResourcesQuery) resources: ResourcesQuery,
    @Inject(LogDestinationQuery) logs: LogDestinationQuery,
  ) {
    this.#resources = resources;
    this.#logs = logs;
  }

  @Get()
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'listResources', summary: 'Resources that one may see' })
  @ApiQuery({ name: 'tag', required: false, description: 'key=value' })
  @ApiOkResponse({ type: ResourceListDto })
  async list(@CurrentActor() actor: Actor, @Query('tag') tag?: string): Promise<ResourceListDto> {
    return { items: await this.#resources.list(actor, tag) };
  }

  @Get(':name')
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'readResource', summary: 'One resource by name' })
  @ApiOkResponse({ type: ResourceDto })
  read(@CurrentActor() actor: Actor, @Param('name') name: string): Promise<ResourceDto> {
    return this.#resources.read(actor, name);
  }

  @Get(':name/log-destination')
  @Access({ scopes: ['read'] })
  @ApiOperation({
    operationId: 'readLogDestination',
    summary: 'Where the shell of a resource is logged, as AWS shows it now',
  })
  @ApiOkResponse({ type: LogDestinationDto })
  readLogDestination(@CurrentActor() actor: Actor, @Param('name') name: string): Promise<LogDestinationDto> {
    return this.#logs.read(actor, name);
  }

  @Get(':name/session-policy')
  @Access({ scopes: ['read'] })
  @ApiOperation({
    operationId: 'readSessionPolicy',
    summary: 'The session policy and the documents of a grant of a resource, as its reviewers are shown them',
  })
  @ApiOkResponse({ type: SessionPolicyDto })
  readSessionPolicy(@CurrentActor() actor: Actor, @Param('name') name: string): Promise<SessionPolicyDto> {
    return this.#resources.readSessionPolicy(actor, name);
  }
}
