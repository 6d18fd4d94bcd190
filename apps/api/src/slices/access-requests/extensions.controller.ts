import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { AccessRequestDto } from './access-request.dto.ts';
import { AccessRequestsQuery } from './access-requests.query.ts';
import { ExtendGrantDto } from './extend-grant.dto.ts';
import { ExtendGrant } from './extend-grant.handler.ts';

@ApiTags('grants')
@Controller('grants/:id/extensions')
export class ExtensionsController {
  readonly #extend: ExtendGrant;
  readonly #requests: AccessRequestsQuery;

  constructor(
    @Inject(ExtendGrant) extend: ExtendGrant,
    @Inject(AccessRequestsQuery) requests: AccessRequestsQuery,
  ) {
    this.#extend = extend;
    this.#requests = requests;
  }

  @Post()
  @Access({ scopes: ['request'] })
  @ApiOperation({ operationId: 'extendGrant', summary: 'Ask for more time on a grant that stands' })
  @ApiCreatedResponse({ type: AccessRequestDto })
  async extend(
    @CurrentActor() actor: Actor,
    @Param('id') grantId: string,
    @Body() body: ExtendGrantDto,
  ): Promise<AccessRequestDto> {
    const id = await this.#extend.run(grantId, actor, {
      durationSeconds: body.durationSeconds,
      reason: body.reason ?? null,
      ticket: body.ticket?.trim() || null,
      seenEndsAt: body.seenEndsAt ? Date.parse(body.seenEndsAt) : null,
    });
    return this.#requests.read(actor, id);
  }
}
