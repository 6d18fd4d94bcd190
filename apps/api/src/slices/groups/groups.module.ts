import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { Outbox } from '../../platform/outbox/outbox.ts';
import { CatalogModule } from '../catalog/catalog.module.ts';
import { ResourceDirectory } from '../catalog/index.ts';
import { GrantsModule } from '../grants/grants.module.ts';
import { ChangeGrant, GrantStore } from '../grants/index.ts';
import { SyncAccounts } from '../os-users/index.ts';
import { OsUsersModule } from '../os-users/os-users.module.ts';
import { Policies } from '../policies/index.ts';
import { PoliciesModule } from '../policies/policies.module.ts';
import { ChangeMembership, leftTopic } from './change-membership.handler.ts';
import { GroupsController } from './groups.controller.ts';
import { MembershipStore } from './membership.prisma-store.ts';

/** About a day at half a minute's distance: what a group gave must end. */
const attemptsMax = 2_880;

@Injectable()
class GroupWork implements OnModuleInit {
  readonly #register: () => void;
  constructor(@Inject(Outbox) outbox: Outbox, @Inject(ChangeMembership) change: ChangeMembership) {
    this.#register = () => outbox.register(leftTopic, change.endGrants(), { attemptsMax });
  }
  onModuleInit(): void {
    this.#register();
  }
}

@Module({
  imports: [CatalogModule, GrantsModule, OsUsersModule, PoliciesModule],
  controllers: [GroupsController],
  providers: [
    {
      provide: MembershipStore,
      useFactory: (client: PrismaClient) => new MembershipStore(client),
      inject: [PrismaClient],
    },
    {
      provide: ChangeMembership,
      useFactory: (
        unitOfWork: UnitOfWork,
        effects: Effects,
        store: MembershipStore,
        grants: GrantStore,
        change: ChangeGrant,
        policies: Policies,
        directory: ResourceDirectory,
        sync: SyncAccounts,
      ) => new ChangeMembership({ store, grants, change, policies, directory, sync }, unitOfWork, effects),
      inject: [
        ...[UnitOfWork, EFFECTS, MembershipStore, GrantStore],
        ...[ChangeGrant, Policies, ResourceDirectory, SyncAccounts],
      ],
    },
    GroupWork,
  ],
})
export class GroupsModule {}
