import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { CONFIGURATION, type Configuration } from '../../configuration.ts';
import { EFFECTS } from '../../effects.module.ts';
import { FolderVault } from './folder-vault.ts';
import { RecordingVault } from './recording-vault.ts';

@Global()
@Module({
  providers: [
    {
      provide: RecordingVault,
      useFactory: ({ dataDirectory }: Configuration, effects: Effects) =>
        new FolderVault(join(dataDirectory, 'recordings'), effects),
      inject: [CONFIGURATION, EFFECTS],
    },
  ],
  exports: [RecordingVault],
})
export class RecordingVaultModule {}
