import { join } from 'node:path';
import pg from 'pg';
import { startPostgres, type PostgresCluster } from '@sallyport/embedded-postgres';
import type { Secrets } from './secrets.ts';

const database = 'sallyport';

/** The embedded database of the control plane, with its two roles: the owner migrates, the application only works. */
export async function startDatabase(
  dataDir: string,
  secrets: Secrets['database'],
  onLog: (line: string) => void,
): Promise<{ cluster: PostgresCluster; environment: Record<string, string> }> {
  const cluster = await startPostgres({
    dataDir: join(dataDir, 'postgres'),
    superuserPassword: secrets.superuser,
    settings: { max_connections: '60' },
    onLog,
  });
  await prepareRoles(cluster.url('postgres', 'postgres', secrets.superuser), secrets);
  return {
    cluster,
    environment: {
      DATABASE_URL: cluster.url(database, 'sallyport_app', secrets.application),
      DATABASE_MIGRATE_URL: cluster.url(database, 'sallyport_owner', secrets.owner),
    },
  };
}

async function prepareRoles(url: string, secrets: Secrets['database']): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const [role, password] of [
      ['sallyport_owner', secrets.owner],
      ['sallyport_app', secrets.application],
    ] as const) {
      const known = await client.query('select 1 from pg_roles where rolname = $1', [role]);
      const verb = known.rowCount === 0 ? 'create' : 'alter';
      await client.query(`${verb} role ${role} login password ${pg.escapeLiteral(password)}`);
    }
    // The migrations let the owner act as the application; only a superuser may say so of a role made here.
    await client.query('grant sallyport_app to sallyport_owner');
    const known = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (known.rowCount === 0) await client.query(`create database ${database} owner sallyport_owner`);
  } finally {
    await client.end();
  }
}
