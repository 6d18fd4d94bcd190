import { Global, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import { CONFIGURATION, type Configuration } from '../../configuration.ts';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { LiveHints } from '../live-hints/live-hints.ts';
import { DatabaseReadiness } from './database-readiness.ts';
import { migrate } from './migrate.ts';
import { migrationsFolder } from './migrations-folder.ts';
import { applicationRole, openDatabase } from './open-database.ts';
import { UnitOfWork } from './unit-of-work.ts';

/** Migrates, then opens the database as a role that owns nothing. */
async function migratedClient(configuration: Configuration): Promise<PrismaClient> {
  const { databaseUrl: url, databaseMigrateUrl: ownerUrl } = configuration;
  if (url === undefined)
    throw new Problem('CONFIGURATION_INVALID', {
      detail: 'DATABASE_URL is missing: the control plane needs a database.',
    });
  try {
    await migrate(ownerUrl ?? url, migrationsFolder());
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem('DATABASE_UNAVAILABLE', { detail: 'The database could not be migrated.', cause });
  }
  return openDatabase(ownerUrl === undefined ? { url, role: applicationRole } : { url });
}

/** Closes the connections last, when nothing asks for them any more. */
@Injectable()
class DatabaseCloser implements OnApplicationShutdown {
  readonly #client: PrismaClient;
  constructor(@Inject(PrismaClient) client: PrismaClient) {
    this.#client = client;
  }
  async onApplicationShutdown(): Promise<void> {
    await this.#client.$disconnect();
  }
}

@Global()
@Module({
  providers: [
    { provide: PrismaClient, useFactory: migratedClient, inject: [CONFIGURATION] },
    LiveHints,
    {
      provide: UnitOfWork,
      useFactory: (client: PrismaClient, effects: Effects, hints: LiveHints) =>
        new UnitOfWork(client, effects, hints),
      inject: [PrismaClient, EFFECTS, LiveHints],
    },
    DatabaseCloser,
    DatabaseReadiness,
  ],
  exports: [PrismaClient, UnitOfWork, LiveHints],
})
export class DatabaseModule {}
