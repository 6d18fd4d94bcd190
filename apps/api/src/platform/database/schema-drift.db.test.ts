import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { availableServers, startTestServer, type TestServer } from '../../testing/database.ts';
import { migrationsFolder } from './migrations-folder.ts';

const root = dirname(dirname(migrationsFolder()));

/** Runs Prisma's command line with the project's own schema engine; gives exit status and output. */
function prisma(url: string, ...args: string[]): Promise<{ status: number; output: string }> {
  const command = join(root, 'node_modules/prisma/build/index.js');
  const env = { ...process.env, DATABASE_URL: url, DATABASE_MIGRATE_URL: url, CHECKPOINT_DISABLE: '1' };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [command, ...args, '--config', join(root, 'prisma/prisma.config.ts')],
      { cwd: join(root, 'apps/api'), env, timeout: 60_000 },
      (error, stdout, stderr) => resolve({ status: Number(error?.code ?? 0), output: stdout + stderr }),
    );
  });
}

describe.each(availableServers())('on $name', ({ binaries }) => {
  let server: TestServer;
  let url: string;
  beforeAll(async () => {
    server = await startTestServer(binaries);
    url = (await server.freshDatabase()).ownerUrl;
  });
  afterAll(() => server?.stop());

  it('agrees with Prisma that every migration is applied', async () => {
    const { status, output } = await prisma(url, 'migrate', 'status');
    expect(output).toContain('Database schema is up to date');
    expect(status).toBe(0);
  }, 60_000);

  it('has the tables that the schema describes', async () => {
    const schema = join(root, 'prisma/schema');
    const { status, output } = await prisma(
      url,
      'migrate',
      'diff',
      '--from-config-datasource',
      '--to-schema',
      schema,
      '--script',
    );
    expect(output).not.toContain('Error');
    expect(status).toBe(0);
    // Only what the schema's language cannot say is left: the counter of positions and the review's second key.
    const statements = output.split('\n').filter((line) => /^(ALTER|CREATE|DROP)\b/.test(line));
    expect(statements).toEqual([
      'ALTER TABLE "review" DROP CONSTRAINT "review_requester_is_of_request";',
      'DROP TABLE "audit_position";',
    ]);
  }, 60_000);
});
