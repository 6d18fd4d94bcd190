import { entries } from '../catalogue-entry.ts';

export const database = entries({
  DATABASE_UNAVAILABLE: {
    kind: 'unavailable',
    title: 'The database does not answer.',
    advice: 'Try again in a moment; an administrator sees more at /api/health/ready.',
  },
  DATABASE_PLATFORM_UNSUPPORTED: {
    kind: 'local',
    title: 'There is no embedded PostgreSQL for this machine.',
    advice: 'Set DATABASE_URL to a PostgreSQL server (15 or newer).',
  },
  DATABASE_START_FAILED: {
    kind: 'local',
    title: 'The embedded PostgreSQL did not start.',
    advice: 'Read its words above; moving SALLYPORT_DATA to another folder starts afresh.',
  },
  DATABASE_DIRECTORY_LOCKED: {
    kind: 'local',
    title: 'The data directory is held by another server.',
    advice: 'End the process named and start again.',
  },
  DATABASE_MIGRATION_EDITED: {
    kind: 'unavailable',
    title: 'The database was made by another version of the migrations.',
    advice: 'Restore the migration files as released, or start with a fresh data directory.',
  },
  DATABASE_SETTING_WRONG: {
    kind: 'unavailable',
    title: 'The database connection is not set up as the product needs it.',
    advice: 'Let connections through without changing their options; the time zone must be UTC.',
  },
});
