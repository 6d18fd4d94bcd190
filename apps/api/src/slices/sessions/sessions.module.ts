import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { SessionRevoker } from '../../platform/aws/revoker/session-revoker.ts';
import { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { DueWork } from '../../platform/jobs/due-work.ts';
import { Outbox } from '../../platform/outbox/outbox.ts';
import { CatalogModule } from '../catalog/catalog.module.ts';
import { ResourceDirectory } from '../catalog/index.ts';
import { GrantsModule } from '../grants/grants.module.ts';
import { GrantStore } from '../grants/index.ts';
import { LeaseStore } from '../leases/index.ts';
import { LeasesModule } from '../leases/leases.module.ts';
import { ChangeSession, terminateTopic } from './change-session.handler.ts';
import { CutSession } from './cut-session.handler.ts';
import { SessionStore } from './session.prisma-store.ts';
import { SessionsController } from './sessions.controller.ts';

/** Tells the platform which work of this slice falls due, by the clock or after a commit. */
@Injectable()
class SessionWork implements OnModuleInit {
  readonly #register: () => void;
  constructor(
    @Inject(DueWork) dueWork: DueWork,
    @Inject(Outbox) outbox: Outbox,
    @Inject(ChangeSession) change: ChangeSession,
    @Inject(CutSession) cut: CutSession,
  ) {
    this.#register = () => {
      dueWork.register(change.job());
      outbox.register(terminateTopic, cut.handler());
    };
  }
  onModuleInit(): void {
    this.#register();
  }
}

@Module({
  imports: [CatalogModule, GrantsModule, LeasesModule],
  controllers: [SessionsController],
  providers: [
    {
      provide: SessionStore,
      useFactory: (client: PrismaClient) => new SessionStore(client),
      inject: [PrismaClient],
    },
    {
      provide: ChangeSession,
      useFactory: (
        sessions: SessionStore,
        grants: GrantStore,
        leases: LeaseStore,
        directory: ResourceDirectory,
        unitOfWork: UnitOfWork,
        effects: Effects,
      ) => new ChangeSession({ sessions, grants, leases, directory }, unitOfWork, effects),
      inject: [SessionStore, GrantStore, LeaseStore, ResourceDirectory, UnitOfWork, EFFECTS],
    },
    {
      provide: CutSession,
      useFactory: (
        sessions: SessionStore,
        revoker: SessionRevoker,
        unitOfWork: UnitOfWork,
        effects: Effects,
      ) => new CutSession(sessions, revoker, unitOfWork, effects),
      inject: [SessionStore, SessionRevoker, UnitOfWork, EFFECTS],
    },
    SessionWork,
  ],
  exports: [SessionStore],
})
export class SessionsModule {}
