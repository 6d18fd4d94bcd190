import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { SessionRevoker } from '../../platform/aws/revoker/session-revoker.ts';
import { DueWork } from '../../platform/jobs/due-work.ts';
import { Outbox } from '../../platform/outbox/outbox.ts';
import { CatalogModule } from '../catalog/catalog.module.ts';
import { ResourceDirectory } from '../catalog/index.ts';
import { Policies } from '../policies/index.ts';
import { PoliciesModule } from '../policies/policies.module.ts';
import { ChangeGrant } from './change-grant.handler.ts';
import { DenyGrant, denyTopic } from './deny-grant.query.ts';
import { GrantStore, sweepTopic } from './grant.prisma-store.ts';
import { GrantsController } from './grants.controller.ts';
import { GrantsQuery } from './grants.query.ts';
import { RevokerTerminator } from './revoker-terminator.query.ts';
import { SessionTerminator } from './session-terminator.ts';
import { SweepEvidence } from './sweep-evidence.query.ts';
import { SweepGrant } from './sweep-grant.handler.ts';

/** About a day at half a minute's distance: an outage of AWS must not let the sessions of an ended grant live on. */
const sweepAttemptsMax = 2_880;

/** Tells the platform which work of this slice falls due, by the clock or after a commit. */
@Injectable()
class GrantWork implements OnModuleInit {
  readonly #register: () => void;

  constructor(
    @Inject(DueWork) dueWork: DueWork,
    @Inject(Outbox) outbox: Outbox,
    @Inject(ChangeGrant) change: ChangeGrant,
    @Inject(SweepGrant) sweep: SweepGrant,
    @Inject(DenyGrant) deny: DenyGrant,
  ) {
    this.#register = () => {
      dueWork.register(change.job());
      outbox.register(denyTopic, deny.handler());
      outbox.register(sweepTopic, sweep.handler(), { attemptsMax: sweepAttemptsMax });
    };
  }

  onModuleInit(): void {
    this.#register();
  }
}

@Module({
  imports: [CatalogModule, PoliciesModule],
  controllers: [GrantsController],
  providers: [
    {
      provide: GrantStore,
      useFactory: (client: PrismaClient) => new GrantStore(client),
      inject: [PrismaClient],
    },
    {
      provide: SweepEvidence,
      useFactory: (client: PrismaClient) => new SweepEvidence(client),
      inject: [PrismaClient],
    },
    {
      provide: GrantsQuery,
      useFactory: (
        client: PrismaClient,
        effects: Effects,
        policies: Policies,
        directory: ResourceDirectory,
      ) => new GrantsQuery(client, effects, { policies, directory }),
      inject: [PrismaClient, EFFECTS, Policies, ResourceDirectory],
    },
    {
      provide: ChangeGrant,
      useFactory: (grants: GrantStore, unitOfWork: UnitOfWork, effects: Effects) =>
        new ChangeGrant(grants, unitOfWork, effects),
      inject: [GrantStore, UnitOfWork, EFFECTS],
    },
    {
      provide: SessionTerminator,
      useFactory: (client: PrismaClient, revoker: SessionRevoker) => new RevokerTerminator(client, revoker),
      inject: [PrismaClient, SessionRevoker],
    },
    {
      provide: DenyGrant,
      useFactory: (client: PrismaClient, revoker: SessionRevoker, { clock }: Effects) =>
        new DenyGrant(client, revoker, clock),
      inject: [PrismaClient, SessionRevoker, EFFECTS],
    },
    {
      provide: SweepGrant,
      useFactory: (
        grants: GrantStore,
        evidence: SweepEvidence,
        terminator: SessionTerminator,
        unitOfWork: UnitOfWork,
        effects: Effects,
      ) => new SweepGrant({ grants, evidence, terminator }, unitOfWork, effects),
      inject: [GrantStore, SweepEvidence, SessionTerminator, UnitOfWork, EFFECTS],
    },
    GrantWork,
  ],
  exports: [GrantStore, ChangeGrant, GrantsQuery],
})
export class GrantsModule {}
