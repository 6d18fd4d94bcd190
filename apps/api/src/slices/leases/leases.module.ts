import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { GatewayDirectory } from '../../platform/aws/inventory/gateway-directory.ts';
import { GatewayInventory } from '../../platform/aws/inventory/gateway-inventory.ts';
import { LeaseIssuer } from '../../platform/aws/issuer/lease-issuer.ts';
import { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { DueWork } from '../../platform/jobs/due-work.ts';
import { Metrics } from '../../platform/telemetry/metrics.ts';
import { AgentsModule } from '../agents/agents.module.ts';
import { AgentStore } from '../agents/index.ts';
import { CatalogModule } from '../catalog/catalog.module.ts';
import { ResourceDirectory } from '../catalog/index.ts';
import { OsAccountStore } from '../os-users/index.ts';
import { OsUsersModule } from '../os-users/os-users.module.ts';
import { Policies } from '../policies/index.ts';
import { PoliciesModule } from '../policies/policies.module.ts';
import { DemandsOfGrant } from './demands-of-grant.query.ts';
import { GrantsModule } from '../grants/grants.module.ts';
import { GrantStore } from '../grants/index.ts';
import { EndLeases } from './end-leases.ts';
import { IssueLease } from './issue-lease.handler.ts';
import { LeaseStore } from './lease.prisma-store.ts';
import { FindLeaseTarget } from './lease-target.ts';
import { LeasesController } from './leases.controller.ts';
import { SettleForgottenLeases } from './settle-forgotten.ts';

@Injectable()
class LeaseWork implements OnModuleInit {
  readonly #dueWork: DueWork;
  readonly #settle: SettleForgottenLeases;
  readonly #end: EndLeases;
  constructor(
    @Inject(DueWork) dueWork: DueWork,
    @Inject(SettleForgottenLeases) settle: SettleForgottenLeases,
    @Inject(EndLeases) end: EndLeases,
  ) {
    this.#dueWork = dueWork;
    this.#settle = settle;
    this.#end = end;
  }
  onModuleInit(): void {
    this.#dueWork.register(this.#settle.job());
    this.#dueWork.register(this.#end.job());
  }
}

@Module({
  imports: [CatalogModule, GrantsModule, AgentsModule, OsUsersModule, PoliciesModule],
  controllers: [LeasesController],
  providers: [
    {
      provide: LeaseStore,
      useFactory: (client: PrismaClient) => new LeaseStore(client),
      inject: [PrismaClient],
    },
    {
      provide: FindLeaseTarget,
      useFactory: (gateways: GatewayDirectory, inventory: GatewayInventory, agents: AgentStore) =>
        new FindLeaseTarget(gateways, inventory, agents),
      inject: [GatewayDirectory, GatewayInventory, AgentStore],
    },
    {
      provide: DemandsOfGrant,
      useFactory: (client: PrismaClient, policies: Policies) => new DemandsOfGrant(client, policies),
      inject: [PrismaClient, Policies],
    },
    {
      provide: IssueLease,
      useFactory: (
        unitOfWork: UnitOfWork,
        effects: Effects,
        grants: GrantStore,
        leases: LeaseStore,
        resources: ResourceDirectory,
        target: FindLeaseTarget,
        demands: DemandsOfGrant,
        issuer: LeaseIssuer,
        metrics: Metrics,
        accounts: OsAccountStore,
      ) =>
        new IssueLease(
          { grants, leases, resources, target, demands, issuer, metrics, accounts },
          unitOfWork,
          effects,
        ),
      inject: [
        ...[UnitOfWork, EFFECTS, GrantStore, LeaseStore],
        ...[ResourceDirectory, FindLeaseTarget, DemandsOfGrant, LeaseIssuer, Metrics, OsAccountStore],
      ],
    },
    {
      provide: SettleForgottenLeases,
      useFactory: (leases: LeaseStore, unitOfWork: UnitOfWork, effects: Effects) =>
        new SettleForgottenLeases(leases, unitOfWork, effects),
      inject: [LeaseStore, UnitOfWork, EFFECTS],
    },
    {
      provide: EndLeases,
      useFactory: (leases: LeaseStore, unitOfWork: UnitOfWork) => new EndLeases(leases, unitOfWork),
      inject: [LeaseStore, UnitOfWork],
    },
    LeaseWork,
  ],
  exports: [LeaseStore],
})
export class LeasesModule {}
