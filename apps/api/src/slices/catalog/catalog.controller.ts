import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Problem } from '@sallyport/problems';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { ResourceDto, ResourceListDto } from './resource.dto.ts';

@ApiTags('catalog')
@Controller('resources')
export class CatalogController {
  @Get()
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'listResources', summary: 'Resources that one may see' })
  @ApiQuery({ name: 'tag', required: false, description: 'key=value' })
  @ApiOkResponse({ type: ResourceListDto })
  list(@CurrentActor() _actor: Actor, @Query('tag') _tag?: string): Promise<ResourceListDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Get(':name')
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'readResource', summary: 'One resource by name' })
  @ApiOkResponse({ type: ResourceDto })
  read(@CurrentActor() _actor: Actor, @Param('name') _name: string): Promise<ResourceDto> {
    throw new Problem('INTERNAL_ERROR');
  }
}
