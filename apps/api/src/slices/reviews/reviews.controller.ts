import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { AccessRequestDto } from '../access-requests/index.ts';
import { AccessRequestsQuery } from '../access-requests/index.ts';
import { RecordReviewDto } from './record-review.dto.ts';
import { RecordReview } from './record-review.handler.ts';

@ApiTags('reviews')
@Controller('access-requests/:id/reviews')
export class ReviewsController {
  readonly #reviews: RecordReview;
  readonly #requests: AccessRequestsQuery;

  constructor(
    @Inject(RecordReview) reviews: RecordReview,
    @Inject(AccessRequestsQuery) requests: AccessRequestsQuery,
  ) {
    this.#reviews = reviews;
    this.#requests = requests;
  }

  @Post()
  @Access({ scopes: ['review'] })
  @ApiOperation({ operationId: 'recordReview', summary: 'Approve or deny, bound to the facts shown' })
  @ApiCreatedResponse({ type: AccessRequestDto })
  async record(
    @CurrentActor() actor: Actor,
    @Param('id') id: string,
    @Body() body: RecordReviewDto,
  ): Promise<AccessRequestDto> {
    const { verdict, factsDigest, comment = null, only = null, durationSeconds = null } = body;
    await this.#reviews.record(id, actor, { verdict, factsDigest, comment, only, durationSeconds });
    return this.#requests.read(actor, id);
  }
}
