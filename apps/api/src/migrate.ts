/** Applies the migrations and ends: for deployments that migrate by a job of their own, as the owner of the tables. */
import { migrate } from './platform/database/migrate.ts';
import { migrationsFolder } from './platform/database/migrations-folder.ts';

const url = process.env.DATABASE_MIGRATE_URL ?? process.env.DATABASE_URL;
if (url === undefined) {
  process.stderr.write('Set DATABASE_MIGRATE_URL (or DATABASE_URL) to the database to migrate.\n');
  process.exitCode = 2;
} else {
  const applied = await migrate(url, migrationsFolder());
  process.stdout.write(JSON.stringify({ event: 'migrated', applied }) + '\n');
}
