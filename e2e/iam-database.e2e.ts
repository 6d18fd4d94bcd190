import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { find } from '../tools/test/programs.ts';
import { iamEndpoint, iamWorld } from './harness/iam-world.ts';
import { Product } from './harness/product.ts';
import { Laptop } from './harness/tunnel.ts';

/** c5: a database on RDS with IAM sign-in, from the grant to the rows, with a real psql that verifies everything it can. */
describe.skipIf(find('psql') === undefined && process.env.CI !== 'true')(
  'c5: a database with IAM sign-in',
  () => {
    let product: Product;
    let laptop: Laptop;
    let folder: string | undefined;
    beforeAll(async () => {
      const world = await iamWorld();
      folder = world.folder;
      product = await Product.start(world);
      laptop = await Laptop.signedIn(product, 'engineer');
    });
    afterAll(async () => {
      await laptop?.remove();
      await product?.remove();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    });

    const connect = ['connect', 'test-iam', '--for', '30m', '--reason', 'c5'];

    it('psql signs in with a token for the true endpoint over TLS of its name, and reads', async () => {
      const sql =
        'select current_user, (select count(*) > 0 from orders), current_setting($$default_transaction_read_only$$)';
      const run = laptop.tunnel([...connect, '--', 'psql', '-XAtc', sql]);
      expect(await run.code, run.stderr).toBe(0);
      expect(run.stdout.trim()).toBe('jit_reader|t|on');
    });

    it('hands psql what it needs to verify the name, and the token nowhere but in a private file', async () => {
      const run = laptop.tunnel([...connect, '--', 'sh', '-c', 'env | grep ^PG | sort']);
      expect(await run.code, run.stderr).toBe(0);
      expect(run.stdout).toMatch(/^PGSSLMODE=verify-full$/m);
      expect(run.stdout).toMatch(new RegExp(`^PGHOST=${iamEndpoint.replaceAll('.', '\\.')}$`, 'm'));
      expect(run.stdout).toMatch(/^PGHOSTADDR=127\.0\.0\.1$/m);
      expect(run.stdout).not.toContain('X-Amz-Signature');
    });

    it('refuses psql that comes with another password', async () => {
      const run = laptop.tunnel([
        ...connect,
        '--',
        'sh',
        '-c',
        'unset PGPASSFILE; PGPASSWORD=guess psql -w -XAtc "select 1"',
      ]);
      expect(await run.code).not.toBe(0);
      expect(run.stderr + run.stdout).toContain('PAM authentication failed for user "jit_reader"');
    });
  },
);
