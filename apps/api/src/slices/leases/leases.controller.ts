import { Controller, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problem } from '@sallyport/problems';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { LeaseDto } from './lease.dto.ts';

@ApiTags('leases')
@Controller('grants/:id/leases')
export class LeasesController {
  @Post()
  @Access({ scopes: ['connect'] })
  @ApiOperation({ operationId: 'issueLease', summary: 'Short-lived AWS credentials against an active grant' })
  @ApiCreatedResponse({ type: LeaseDto })
  issue(@CurrentActor() _actor: Actor, @Param('id') _grantId: string): Promise<LeaseDto> {
    throw new Problem('INTERNAL_ERROR');
  }
}
