import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { ChangeGrant } from './change-grant.handler.ts';
import { GrantDto, GrantListDto, RevokeGrantDto } from './grant.dto.ts';
import { GrantsQuery } from './grants.query.ts';

@ApiTags('grants')
@Controller('grants')
export class GrantsController {
  readonly #grants: GrantsQuery;
  readonly #change: ChangeGrant;

  constructor(@Inject(GrantsQuery) grants: GrantsQuery, @Inject(ChangeGrant) change: ChangeGrant) {
    this.#grants = grants;
    this.#change = change;
  }

  @Get()
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'listGrants', summary: 'Grants: mine or all' })
  @ApiQuery({ name: 'view', required: false, enum: ['mine', 'all'] })
  @ApiQuery({ name: 'state', required: false, description: 'states, separated by commas' })
  @ApiOkResponse({ type: GrantListDto })
  async list(
    @CurrentActor() actor: Actor,
    @Query('view') view?: string,
    @Query('state') state?: string,
  ): Promise<GrantListDto> {
    return { items: await this.#grants.list(actor, { view, state }) };
  }

  @Get(':id')
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'readGrant', summary: 'One grant' })
  @ApiOkResponse({ type: GrantDto })
  read(@CurrentActor() actor: Actor, @Param('id') id: string): Promise<GrantDto> {
    return this.#grants.read(actor, id);
  }

  @Post(':id/return')
  @HttpCode(200)
  @Access({ scopes: ['request', 'connect'] })
  @ApiOperation({ operationId: 'returnGrant', summary: 'Give a grant back before its end' })
  @ApiOkResponse({ type: GrantDto })
  async return(@CurrentActor() actor: Actor, @Param('id') id: string): Promise<GrantDto> {
    await this.#change.return(id, actor);
    return this.#grants.read(actor, id);
  }

  @Post(':id/revoke')
  @HttpCode(200)
  @Access({ scopes: ['admin', 'review'] })
  @ApiOperation({ operationId: 'revokeGrant', summary: 'End a grant at once, and its sessions with it' })
  @ApiOkResponse({ type: GrantDto })
  async revoke(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() body: RevokeGrantDto,
  ): Promise<GrantDto> {
    await this.#change.revoke(id, actor, body.reason, powersOf(actor));
    return this.#grants.read(actor, id);
  }
}

/** A token uses the power of an administrator by the scope `admin`, that of a reviewer by `review`. */
function powersOf(actor: Actor): Actor {
  const { scopes } = actor;
  return {
    ...actor,
    roles: actor.roles.filter((role) => role !== 'admin' || scopes === null || scopes.includes('admin')),
    groups: scopes === null || scopes.includes('review') ? actor.groups : [],
  };
}
