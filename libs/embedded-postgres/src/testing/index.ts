/** A throw-away cluster for tests; never imported by the product. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Binaries } from '../binaries.ts';
import { startPostgres, type PostgresCluster } from '../cluster.ts';

export interface TestPostgres extends PostgresCluster {
  /** Password of the superuser `postgres`. */
  readonly superuserPassword: string;
  /** Stops the server and removes its folder. */
  remove(): Promise<void>;
}

/** Starts an empty cluster in a temporary folder, without waiting for the disk. Call `remove` at the end. */
export async function startTestPostgres(
  options: { binaries?: Binaries; trusted?: string[] } = {},
): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-pg-test-'));
  await chmod(folder, 0o700);
  const superuserPassword = 'test-superuser';
  const cluster = await startPostgres({
    dataDir: join(folder, 'pg'),
    superuserPassword,
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', shared_buffers: '32MB' },
    ...options,
  });
  return {
    ...cluster,
    superuserPassword,
    remove: async () => {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
