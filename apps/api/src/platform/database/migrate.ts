import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '@sallyport/problems';
import pg from 'pg';

/** Our own advisory lock; Prisma's command line takes another, so do not run both at the same moment. */
const migrationLock = 72_707_369;

/** Prisma's own table, so that `prisma migrate status` and `deploy` agree with what was done here. */
const historyTable = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`;

interface Applied {
  migration_name: string;
  checksum: string;
}

/**
 * Applies the migrations of a folder in order, each whole or not at all, the way `prisma migrate deploy` does but
 * without an engine. Waits when another process migrates. Returns the names applied now.
 * @throws Problem DATABASE_MIGRATION_EDITED when an applied file has changed since
 */
export async function migrate(url: string, folder: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, options: '-c TimeZone=UTC' });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await client.query(historyTable);
    return await applyMissing(client, folder);
  } finally {
    await client.end();
  }
}

async function applyMissing(client: pg.Client, folder: string): Promise<string[]> {
  // A script runs whole or not at all together with its record, so an unfinished row can only be Prisma's own.
  const { rows } = await client.query<Applied>(
    'SELECT migration_name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  const done = new Map(rows.map((row) => [row.migration_name, row.checksum]));
  const entries = await readdir(folder, { withFileTypes: true });
  const applied: string[] = [];
  for (const name of entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()) {
    const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8');
    const checksum = createHash('sha256').update(sql).digest('hex');
    const known = done.get(name);
    if (known !== undefined && known !== checksum)
      throw new Problem('DATABASE_MIGRATION_EDITED', {
        detail: `The migration ${name} was edited after it had been applied.`,
      });
    if (known === undefined) applied.push(await apply(client, name, sql, checksum));
  }
  return applied;
}

async function apply(client: pg.Client, name: string, sql: string, checksum: string): Promise<string> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES (gen_random_uuid()::text, $1, $2, now(), 1)`,
      [checksum, name],
    );
    await client.query('COMMIT');
    return name;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
