import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { GatewayDirectory } from '../../platform/aws/inventory/gateway-directory.ts';
import { HostProvisioner } from '../../platform/aws/provisioner/host-provisioner.ts';
import { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { DueWork } from '../../platform/jobs/due-work.ts';
import { Outbox } from '../../platform/outbox/outbox.ts';
import { CatalogModule } from '../catalog/catalog.module.ts';
import { ResourceDirectory } from '../catalog/index.ts';
import { ApplyPlan, syncTopic } from './apply-plan.handler.ts';
import { OsAccountStore } from './os-account.prisma-store.ts';
import { OsUsersController } from './os-users.controller.ts';
import { PlanGateway } from './plan-gateway.ts';
import { QueuedWork } from './sync-accounts.query.ts';
import { SyncAccounts } from './sync-accounts.ts';

@Injectable()
class OsUsersWork implements OnModuleInit {
  readonly #register: () => void;
  constructor(
    @Inject(DueWork) dueWork: DueWork,
    @Inject(Outbox) outbox: Outbox,
    @Inject(ApplyPlan) apply: ApplyPlan,
    @Inject(SyncAccounts) sync: SyncAccounts,
  ) {
    this.#register = () => {
      dueWork.register(sync.job());
      outbox.register(syncTopic, apply.sync(), { lane: 'slow' });
    };
  }
  onModuleInit(): void {
    this.#register();
  }
}

@Module({
  imports: [CatalogModule],
  controllers: [OsUsersController],
  providers: [
    {
      provide: OsAccountStore,
      useFactory: (client: PrismaClient) => new OsAccountStore(client),
      inject: [PrismaClient],
    },
    {
      provide: QueuedWork,
      useFactory: (client: PrismaClient) => new QueuedWork(client),
      inject: [PrismaClient],
    },
    {
      provide: PlanGateway,
      useFactory: (
        directory: ResourceDirectory,
        gateways: GatewayDirectory,
        provisioner: HostProvisioner,
        store: OsAccountStore,
      ) => new PlanGateway({ directory, gateways, provisioner, store }),
      inject: [ResourceDirectory, GatewayDirectory, HostProvisioner, OsAccountStore],
    },
    {
      provide: ApplyPlan,
      useFactory: (plans: PlanGateway, store: OsAccountStore, unitOfWork: UnitOfWork, effects: Effects) =>
        new ApplyPlan(plans, store, unitOfWork, effects),
      inject: [PlanGateway, OsAccountStore, UnitOfWork, EFFECTS],
    },
    {
      provide: SyncAccounts,
      useFactory: (plans: PlanGateway, queued: QueuedWork, unitOfWork: UnitOfWork, effects: Effects) =>
        new SyncAccounts(plans, queued, unitOfWork, effects),
      inject: [PlanGateway, QueuedWork, UnitOfWork, EFFECTS],
    },
    OsUsersWork,
  ],
  exports: [OsAccountStore, SyncAccounts],
})
export class OsUsersModule {}
