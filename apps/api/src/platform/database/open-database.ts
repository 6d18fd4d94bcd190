import { PrismaPg } from '@prisma/adapter-pg';
import { Problem } from '@sallyport/problems';
import { PrismaClient } from '../../generated/prisma/client.ts';

/** The role that the application acts as when no login of its own is configured. */
export const applicationRole = 'sallyport_app';

const connectionsMax = 20;
/** How long a commit waits for a free connection, and how long it may take. */
const patienceMs = { maxWait: 10_000, timeout: 15_000 };

export interface OpenDatabase {
  readonly url: string;
  /** Act as this role rather than as the one that logged in. */
  readonly role?: string;
}

/**
 * Opens the database and makes sure that the connection is what the product relies on: UTC (the driver reads and
 * writes times without their offset) and a role that cannot rewrite the audit.
 * @throws Problem DATABASE_SETTING_WRONG, DATABASE_UNAVAILABLE
 */
export async function openDatabase({ url, role }: OpenDatabase): Promise<PrismaClient> {
  const options = ['-c TimeZone=UTC', ...(role ? [`-c role=${role}`] : [])].join(' ');
  const client = new PrismaClient({
    adapter: new PrismaPg({ connectionString: url, options, max: connectionsMax }),
    transactionOptions: patienceMs,
  });
  try {
    await assertSettings(client);
    return client;
  } catch (cause) {
    await client.$disconnect();
    if (cause instanceof Problem) throw cause;
    throw new Problem('DATABASE_UNAVAILABLE', { cause });
  }
}

interface Settings {
  zone: string;
  rewrites: boolean;
}

async function assertSettings(client: PrismaClient): Promise<void> {
  const [row] = await client.$queryRaw<Settings[]>`
    SELECT current_setting('TimeZone') AS zone,
      has_table_privilege(current_user, 'audit_event', 'UPDATE')
        OR has_table_privilege(current_user, 'audit_event', 'DELETE')
        OR has_table_privilege(current_user, 'audit_event', 'TRUNCATE') AS rewrites`;
  if (row?.zone !== 'UTC')
    throw new Problem('DATABASE_SETTING_WRONG', { detail: `The time zone is ${row?.zone}, not UTC.` });
  if (row.rewrites)
    throw new Problem('DATABASE_SETTING_WRONG', {
      detail: `The role of DATABASE_URL may rewrite the audit; connect as ${applicationRole} or a member of it alone.`,
    });
}
