import { Module } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { EFFECTS } from '../../effects.module.ts';
import { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { AccessRequestsModule } from '../access-requests/access-requests.module.ts';
import { AccessRequestStore, FactsOfRequest } from '../access-requests/index.ts';
import { CatalogModule } from '../catalog/catalog.module.ts';
import { ResourceDirectory } from '../catalog/index.ts';
import { GrantsModule } from '../grants/grants.module.ts';
import { GrantStore } from '../grants/index.ts';
import { Policies } from '../policies/index.ts';
import { PoliciesModule } from '../policies/policies.module.ts';
import { RecordReview } from './record-review.handler.ts';
import { ReviewsController } from './reviews.controller.ts';

@Module({
  imports: [AccessRequestsModule, CatalogModule, GrantsModule, PoliciesModule],
  controllers: [ReviewsController],
  providers: [
    {
      provide: RecordReview,
      useFactory: (
        requests: AccessRequestStore,
        grants: GrantStore,
        facts: FactsOfRequest,
        policies: Policies,
        directory: ResourceDirectory,
        unitOfWork: UnitOfWork,
        effects: Effects,
      ) => new RecordReview({ requests, grants, facts, policies, directory }, unitOfWork, effects),
      inject: [
        ...[AccessRequestStore, GrantStore, FactsOfRequest, Policies],
        ...[ResourceDirectory, UnitOfWork, EFFECTS],
      ],
    },
  ],
})
export class ReviewsModule {}
