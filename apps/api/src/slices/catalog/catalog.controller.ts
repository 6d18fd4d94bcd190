import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { ResourceDto, ResourceListDto } from './resource.dto.ts';
import { ResourcesQuery } from './resources.query.ts';

@ApiTags('catalog')
@Controller('resources')
export class CatalogController {
  readonly #resources: ResourcesQuery;

  constructor(@Inject(ResourcesQuery) resources: ResourcesQuery) {
    this.#resources = resources;
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
}
