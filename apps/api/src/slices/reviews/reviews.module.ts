import { Module } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { EFFECTS } from '../../effects.module.ts';
import { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { AccessRequestsModule } from '../access-requests/access-requests.module.ts';
import { AccessRequestStore, FactsOfRequest } from '../access-requests/index.ts';
import { GrantsModule } from '../grants/grants.module.ts';
import { GrantStore } from '../grants/index.ts';
import { RecordReview } from './record-review.handler.ts';
import { ReviewsController } from './reviews.controller.ts';

@Module({
  imports: [AccessRequestsModule, GrantsModule],
  controllers: [ReviewsController],
  providers: [
    {
      provide: RecordReview,
      useFactory: (
        requests: AccessRequestStore,
        grants: GrantStore,
        facts: FactsOfRequest,
        unitOfWork: UnitOfWork,
        effects: Effects,
      ) => new RecordReview({ requests, grants, facts }, unitOfWork, effects),
      inject: [AccessRequestStore, GrantStore, FactsOfRequest, UnitOfWork, EFFECTS],
    },
  ],
})
export class ReviewsModule {}
