import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { CONFIGURATION, type Configuration } from '../../configuration.ts';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { DueWork } from '../../platform/jobs/due-work.ts';
import { RecordingVault } from '../../platform/recordings/recording-vault.ts';
import { GrantsModule } from '../grants/grants.module.ts';
import { GrantStore } from '../grants/index.ts';
import { KeepRecording } from './keep-recording.handler.ts';
import { RecordingStore } from './recording.prisma-store.ts';
import { RecordingsController } from './recordings.controller.ts';
import { RecordingsQuery } from './recordings.query.ts';
import { SweepRecordings } from './sweep-recordings.ts';

@Injectable()
class RecordingWork implements OnModuleInit {
  readonly #register: () => void;
  constructor(@Inject(DueWork) dueWork: DueWork, @Inject(SweepRecordings) sweep: SweepRecordings) {
    this.#register = () => {
      for (const job of sweep.jobs()) dueWork.register(job);
    };
  }
  onModuleInit(): void {
    this.#register();
  }
}

@Module({
  imports: [GrantsModule],
  controllers: [RecordingsController],
  providers: [
    {
      provide: RecordingStore,
      useFactory: (client: PrismaClient) => new RecordingStore(client),
      inject: [PrismaClient],
    },
    {
      provide: KeepRecording,
      useFactory: (
        recordings: RecordingStore,
        grants: GrantStore,
        vault: RecordingVault,
        { recordings: quota }: Configuration,
        unitOfWork: UnitOfWork,
        effects: Effects,
      ) => new KeepRecording({ recordings, grants, vault, quota }, unitOfWork, effects),
      inject: [RecordingStore, GrantStore, RecordingVault, CONFIGURATION, UnitOfWork, EFFECTS],
    },
    {
      provide: RecordingsQuery,
      useFactory: (
        client: PrismaClient,
        recordings: RecordingStore,
        vault: RecordingVault,
        unitOfWork: UnitOfWork,
        effects: Effects,
      ) => new RecordingsQuery(client, { recordings, vault }, unitOfWork, effects),
      inject: [PrismaClient, RecordingStore, RecordingVault, UnitOfWork, EFFECTS],
    },
    {
      provide: SweepRecordings,
      useFactory: (
        recordings: RecordingStore,
        vault: RecordingVault,
        unitOfWork: UnitOfWork,
        effects: Effects,
      ) => new SweepRecordings({ recordings, vault }, unitOfWork, effects),
      inject: [RecordingStore, RecordingVault, UnitOfWork, EFFECTS],
    },
    RecordingWork,
  ],
})
export class RecordingsModule {}
