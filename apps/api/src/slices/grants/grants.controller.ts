import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Problem } from '@sallyport/problems';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { GrantDto, GrantListDto, RevokeGrantDto } from './grant.dto.ts';

@ApiTags('grants')
@Controller('grants')
export class GrantsController {
  @Get()
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'listGrants', summary: 'Grants: mine or all' })
  @ApiQuery({ name: 'view', required: false, enum: ['mine', 'all'] })
  @ApiQuery({ name: 'state', required: false, description: 'states, separated by commas' })
  @ApiOkResponse({ type: GrantListDto })
  list(
    @CurrentActor() _actor: Actor,
    @Query('view') _view?: string,
    @Query('state') _state?: string,
  ): Promise<GrantListDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Get(':id')
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'readGrant', summary: 'One grant' })
  @ApiOkResponse({ type: GrantDto })
  read(@CurrentActor() _actor: Actor, @Param('id') _id: string): Promise<GrantDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Post(':id/return')
  @HttpCode(200)
  @Access({ scopes: ['request', 'connect'] })
  @ApiOperation({ operationId: 'returnGrant', summary: 'Give a grant back before its end' })
  @ApiOkResponse({ type: GrantDto })
  return(@CurrentActor() _actor: Actor, @Param('id') _id: string): Promise<GrantDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Post(':id/revoke')
  @HttpCode(200)
  @Access({ scopes: ['admin', 'review'] })
  @ApiOperation({ operationId: 'revokeGrant', summary: 'End a grant at once, and its sessions with it' })
  @ApiOkResponse({ type: GrantDto })
  revoke(
    @CurrentActor() _actor: Actor,
    @Param('id') _id: string,
    @Body() _body: RevokeGrantDto,
  ): Promise<GrantDto> {
    throw new Problem('INTERNAL_ERROR');
  }
}
