import { startPostgres, type PostgresCluster } from '@sallyport/embedded-postgres';
import { Client, escapeIdentifier } from 'pg';
import { shopSchema, shopRows } from './sample-rows.ts';

/** The role people connect with: it can read and nothing else. */
export const readerRole = 'app_ro';
/** The role of those whom IAM signs in: `app_ro` under another name, as IAM signs in to roles of its own kind alone. */
export const signedInRole = 'jit_reader';
const databases = ['shop', 'shop_staging'] as const;

export interface SampleDatabase {
  readonly cluster: PostgresCluster;
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL behind prod-rds and staging-rds: databases `shop` and `shop_staging` with sample rows. The
 * role `app_ro` connects without password over the cluster's socket, which only the sandbox can reach.
 */
export async function startSampleDatabase(
  dataDir: string,
  superuserPassword: string,
  onLog: (line: string) => void,
): Promise<SampleDatabase> {
  const cluster = await startPostgres({
    dataDir,
    superuserPassword,
    trusted: [readerRole, signedInRole],
    settings: { max_connections: '60', shared_buffers: '16MB' },
    onLog,
  });
  try {
    for (const database of databases) await fill(cluster, database, superuserPassword);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return { cluster, stop: () => cluster.stop() };
}

async function fill(cluster: PostgresCluster, database: string, password: string): Promise<void> {
  await withClient(cluster, 'postgres', password, async (client) => {
    await client.query(`do $$ begin
      if not exists (select from pg_roles where rolname = '${readerRole}') then
        create role ${readerRole} login;
        alter role ${readerRole} set default_transaction_read_only = on;
      end if;
      if not exists (select from pg_roles where rolname = '${signedInRole}') then
        create role ${signedInRole} login in role ${readerRole};
        alter role ${signedInRole} set default_transaction_read_only = on;
      end if;
    end $$`);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database]);
    if (rowCount === 0) await client.query(`create database ${escapeIdentifier(database)}`);
  });
  await withClient(cluster, database, password, async (client) => {
    const { rows } = await client.query<{ there: boolean }>(
      `select to_regclass('public.orders') is not null as there`,
    );
    if (rows[0]?.there === true) return;
    // One transaction: a kill half-way leaves an empty database that the next start fills.
    await client.query('begin');
    await client.query(shopSchema(database, readerRole));
    for (const { sql, values } of shopRows(database)) await client.query(sql, [...values]);
    await client.query('commit');
  });
}

async function withClient(
  cluster: PostgresCluster,
  database: string,
  password: string,
  use: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client({ host: cluster.socketDir, port: 5432, user: 'postgres', password, database });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
