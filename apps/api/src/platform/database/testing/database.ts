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
import pg from 'pg';
import { migrate } from '../migrate.ts';
import { migrationsFolder } from '../migrations-folder.ts';

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
