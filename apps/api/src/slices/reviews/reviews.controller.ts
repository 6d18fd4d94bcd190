import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problem } from '@sallyport/problems';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { AccessRequestDto } from '../access-requests/access-request.dto.ts';
import { RecordReviewDto } from './record-review.dto.ts';

@ApiTags('reviews')
@Controller('access-requests/:id/reviews')
export class ReviewsController {
  @Post()
  @Access({ scopes: ['review'] })
  @ApiOperation({ operationId: 'recordReview', summary: 'Approve or deny, bound to the facts shown' })
  @ApiCreatedResponse({ type: AccessRequestDto })
  record(
    @CurrentActor() _actor: Actor,
    @Param('id') _id: string,
    @Body() _body: RecordReviewDto,
  ): Promise<AccessRequestDto> {
    throw new Problem('INTERNAL_ERROR');
  }
}
