/** Real databases for `.db.test.ts`: a private cluster per test file, a fresh migrated database per call. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  debianBinaries,
  startPostgres,
  type Binaries,
  type PostgresCluster,
} from '@sallyport/embedded-postgres';
import type { Effects } from '@sallyport/effects';
import { simulatedEffects, type SimulatedTime } from '@sallyport/effects/simulated';
import pg from 'pg';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { LiveHints, type LiveHint } from '../platform/live-hints/live-hints.ts';
import { migrate } from '../platform/database/migrate.ts';
import { migrationsFolder } from '../platform/database/migrations-folder.ts';
import { applicationRole, openDatabase } from '../platform/database/open-database.ts';
import { UnitOfWork } from '../platform/database/unit-of-work.ts';

/** A database as the application sees it, in a simulated time that only the test moves. */
export interface TestDatabase {
  readonly client: PrismaClient;
  readonly ownerUrl: string;
  readonly effects: Effects & { readonly time: SimulatedTime };
  readonly hints: LiveHint[];
  readonly liveHints: LiveHints;
  readonly unitOfWork: UnitOfWork;
  close(): Promise<void>;
}

/** Opens a fresh database of the server as the application's role. */
export async function openTestDatabase(server: TestServer): Promise<TestDatabase> {
  const { ownerUrl } = await server.freshDatabase();
  const client = await openDatabase({ url: ownerUrl, role: applicationRole });
  const effects = simulatedEffects();
  const liveHints = new LiveHints();
  const hints: LiveHint[] = [];
  liveHints.subscribe((hint) => hints.push(hint));
  const unitOfWork = new UnitOfWork(client, effects, liveHints);
  return { client, ownerUrl, effects, hints, liveHints, unitOfWork, close: () => client.$disconnect() };
}

export interface TestServer {
  /** A new database with all migrations applied; the URL is the owner's. */
  freshDatabase(): Promise<{ name: string; ownerUrl: string }>;
  cluster: PostgresCluster;
  stop(): Promise<void>;
}

/** Which servers the database tests run on: the embedded one always, Debian's 15 where its programs exist. */
export function availableServers(): { name: string; binaries?: Binaries }[] {
  const debian = debianBinaries(15);
  return debian
    ? [{ name: 'embedded PostgreSQL' }, { name: 'PostgreSQL 15', binaries: debian }]
    : [{ name: 'embedded PostgreSQL' }];
}

export async function startTestServer(binaries?: Binaries): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-db-'));
  const cluster = await startPostgres({
    dataDir: join(folder, 'pg'),
    superuserPassword: 'not-used',
    trusted: ['postgres', 'sallyport_app'],
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
    ...(binaries ? { binaries } : {}),
  });
  let count = 0;
  let template: Promise<string> | undefined;
  const create = async (name: string, from?: string) => {
    const admin = new pg.Client({ connectionString: cluster.url('postgres') });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${name}${from ? ` TEMPLATE ${from}` : ''}`);
    await admin.end();
    return name;
  };
  const makeTemplate = async () => {
    await migrate(cluster.url(await create('migrated')), migrationsFolder());
    return 'migrated';
  };
  return {
    cluster,
    async freshDatabase() {
      const name = await create(`t${++count}`, await (template ??= makeTemplate()));
      return { name, ownerUrl: cluster.url(name) };
    },
    async stop() {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
