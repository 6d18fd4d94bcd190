import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { GatewayDirectory } from '../../platform/aws/inventory/gateway-directory.ts';
import { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { DueWork } from '../../platform/jobs/due-work.ts';
import { CatalogModule } from '../catalog/catalog.module.ts';
import { ResourceDirectory } from '../catalog/index.ts';
import { GrantsModule } from '../grants/grants.module.ts';
import { GrantStore } from '../grants/index.ts';
import { Policies, UsualWait } from '../policies/index.ts';
import { PoliciesModule } from '../policies/policies.module.ts';
import { AccessRequestStore } from './access-request.prisma-store.ts';
import { AccessRequestsController } from './access-requests.controller.ts';
import { AccessRequestsQuery } from './access-requests.query.ts';
import { CloseAccessRequest } from './close-access-request.handler.ts';
import { ExtendGrant } from './extend-grant.handler.ts';
import { ExtensionsController } from './extensions.controller.ts';
import { FactsOfRequest } from './facts-of-request.ts';
import { RecordRequest } from './record-request.ts';
import { SubmitAccessRequest } from './submit-access-request.handler.ts';

/** Tells the platform that requests lapse by the clock. */
@Injectable()
class RequestWork implements OnModuleInit {
  readonly #register: () => void;

  constructor(@Inject(DueWork) dueWork: DueWork, @Inject(CloseAccessRequest) close: CloseAccessRequest) {
    this.#register = () => dueWork.register(close.job());
  }

  onModuleInit(): void {
    this.#register();
  }
}

@Module({
  imports: [CatalogModule, GrantsModule, PoliciesModule],
  controllers: [AccessRequestsController, ExtensionsController],
  providers: [
    {
      provide: AccessRequestStore,
      useFactory: (client: PrismaClient) => new AccessRequestStore(client),
      inject: [PrismaClient],
    },
    {
      provide: FactsOfRequest,
      useFactory: (
        directory: ResourceDirectory,
        gateways: GatewayDirectory,
        grants: GrantStore,
        effects: Effects,
      ) => new FactsOfRequest({ directory, gateways, grants }, effects),
      inject: [ResourceDirectory, GatewayDirectory, GrantStore, EFFECTS],
    },
    {
      provide: CloseAccessRequest,
      useFactory: (requests: AccessRequestStore, unitOfWork: UnitOfWork, effects: Effects) =>
        new CloseAccessRequest(requests, unitOfWork, effects),
      inject: [AccessRequestStore, UnitOfWork, EFFECTS],
    },
    {
      provide: RecordRequest,
      useFactory: (
        requests: AccessRequestStore,
        grants: GrantStore,
        facts: FactsOfRequest,
        unitOfWork: UnitOfWork,
        effects: Effects,
      ) => new RecordRequest({ requests, grants, facts }, unitOfWork, effects),
      inject: [AccessRequestStore, GrantStore, FactsOfRequest, UnitOfWork, EFFECTS],
    },
    {
      provide: SubmitAccessRequest,
      useFactory: (
        requests: AccessRequestStore,
        directory: ResourceDirectory,
        policies: Policies,
        record: RecordRequest,
        close: CloseAccessRequest,
        unitOfWork: UnitOfWork,
        effects: Effects,
      ) => new SubmitAccessRequest({ requests, directory, policies, record, close }, unitOfWork, effects),
      inject: [
        ...[AccessRequestStore, ResourceDirectory, Policies, RecordRequest],
        ...[CloseAccessRequest, UnitOfWork, EFFECTS],
      ],
    },
    {
      provide: ExtendGrant,
      useFactory: (
        requests: AccessRequestStore,
        grants: GrantStore,
        directory: ResourceDirectory,
        policies: Policies,
        record: RecordRequest,
        close: CloseAccessRequest,
        unitOfWork: UnitOfWork,
        effects: Effects,
      ) => new ExtendGrant({ requests, grants, directory, policies, record, close }, unitOfWork, effects),
      inject: [
        ...[AccessRequestStore, GrantStore, ResourceDirectory, Policies, RecordRequest],
        ...[CloseAccessRequest, UnitOfWork, EFFECTS],
      ],
    },
    {
      provide: AccessRequestsQuery,
      useFactory: (client: PrismaClient, effects: Effects, usualWait: UsualWait) =>
        new AccessRequestsQuery(client, effects, usualWait),
      inject: [PrismaClient, EFFECTS, UsualWait],
    },
    RequestWork,
  ],
  exports: [AccessRequestStore, AccessRequestsQuery, FactsOfRequest],
})
export class AccessRequestsModule {}
