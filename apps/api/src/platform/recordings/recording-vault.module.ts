import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { CONFIGURATION, type Configuration } from '../../configuration.ts';
import { EFFECTS } from '../../effects.module.ts';
import { profileCredentials } from '../aws/client-settings.ts';
import { readCatalogFile } from '../aws/read-catalog-file.ts';
import { ArrivingBodies } from './arriving-bodies.ts';
import { BucketVault } from './bucket-vault.ts';
import { FolderVault } from './folder-vault.ts';
import { ObjectCalls } from '../aws/object-calls.ts';
import { RecordingVault } from './recording-vault.ts';

/** The bucket that the catalogue names (`hub.recordings`), and a folder where it names none. */
function vaultOf({ catalogFile, dataDirectory, awsEndpoint, recordings }: Configuration, effects: Effects) {
  const bucket = readCatalogFile(catalogFile).hub.recordings;
  if (bucket === null) return new FolderVault(join(dataDirectory, 'recordings'), recordings.days, effects);
  const calls = (principal: 'recorder' | 'reader') =>
    new ObjectCalls(profileCredentials(principal), bucket, awsEndpoint, effects);
  return new BucketVault(bucket, {
    arriving: new ArrivingBodies(join(dataDirectory, 'recordings-arriving'), effects),
    recorder: calls('recorder'),
    reader: calls('reader'),
  });
}

@Global()
@Module({
  providers: [{ provide: RecordingVault, useFactory: vaultOf, inject: [CONFIGURATION, EFFECTS] }],
  exports: [RecordingVault],
})
export class RecordingVaultModule {}
