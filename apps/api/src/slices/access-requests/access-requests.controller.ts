import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Problem } from '@sallyport/problems';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { AccessRequestDto, AccessRequestListDto } from './access-request.dto.ts';
import { SubmitAccessRequestDto } from './submit-access-request.dto.ts';

@ApiTags('access-requests')
@Controller('access-requests')
export class AccessRequestsController {
  @Post()
  @Access({ scopes: ['request'] })
  @ApiOperation({ operationId: 'submitAccessRequest', summary: 'Ask for one or more resources' })
  @ApiCreatedResponse({ type: AccessRequestDto })
  submit(@CurrentActor() _actor: Actor, @Body() _body: SubmitAccessRequestDto): Promise<AccessRequestDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Get()
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'listAccessRequests', summary: 'Requests: mine, those I may answer, or all' })
  @ApiQuery({ name: 'view', required: false, enum: ['mine', 'to-review', 'all'] })
  @ApiQuery({ name: 'state', required: false, description: 'states, separated by commas' })
  @ApiOkResponse({ type: AccessRequestListDto })
  list(
    @CurrentActor() _actor: Actor,
    @Query('view') _view?: string,
    @Query('state') _state?: string,
  ): Promise<AccessRequestListDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Get(':id')
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'readAccessRequest', summary: 'One request with its facts' })
  @ApiOkResponse({ type: AccessRequestDto })
  read(@CurrentActor() _actor: Actor, @Param('id') _id: string): Promise<AccessRequestDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Access({ scopes: ['request'] })
  @ApiOperation({ operationId: 'cancelAccessRequest', summary: 'Take back a request that waits' })
  @ApiOkResponse({ type: AccessRequestDto })
  cancel(@CurrentActor() _actor: Actor, @Param('id') _id: string): Promise<AccessRequestDto> {
    throw new Problem('INTERNAL_ERROR');
  }
}
