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
});
