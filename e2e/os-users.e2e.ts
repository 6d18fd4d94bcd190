import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { find } from '../tools/test/programs.ts';
import { accountsWorld, ownResources } from './harness/accounts-world.ts';
import { Product } from './harness/product.ts';
import { Terminal } from './harness/terminal.ts';
import { Laptop, type Run } from './harness/tunnel.ts';

const host = 'i-0a1b2c3d4e5f60718';
interface Plan {
  readonly digest: string;
  readonly hosts: readonly {
    readonly changes: readonly { readonly kind: string; readonly account: string }[];
    readonly ownerlessKeys: readonly { readonly path: string; readonly why: string }[];
  }[];
}

const programs = (['ssh', 'sshd', 'script', 'useradd', 'pgrep'] as const).every(
  (name) => find(name) !== undefined,
);
const patience = { timeout: 60_000, interval: 100 };

describe.skipIf(!programs || process.getuid?.() !== 0)(
  'e6 accounts on hosts follow a group (needs root, ssh, sshd and script)',
  { timeout: 120_000 },
  () => {
    let product: Product;
    let admin: Laptop;
    let engineer: Laptop;
    let folder: string;

    beforeAll(async () => {
      const world = accountsWorld();
      folder = world.folder;
      product = await Product.start({
        sandboxArgs: ['--world', world.worldFile, '--no-databases'],
        apiEnvironment: { SALLYPORT_CATALOG: world.catalogFile },
      });
      admin = await Laptop.signedIn(product, 'admin');
      engineer = await Laptop.signedIn(product, 'engineer');
    }, 120_000);
    afterAll(async () => {
      await engineer?.remove();
      await admin?.remove();
      await product?.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    const done = async (run: Run) => ({ code: await run.code, out: run.stdout, err: run.stderr });
    const plan = async (): Promise<Plan> => {
      const shown = await done(admin.tunnel(['users', 'plan', 'web-1', '--json']));
      expect(shown.code, shown.err).toBe(0);
      return JSON.parse(shown.out) as Plan;
    };
    const apply = (digest: string) => done(admin.tunnel(['users', 'apply', 'web-1', '--plan', digest]));
    const group = (verb: 'add' | 'remove') =>
      done(admin.tunnel(['groups', verb, 'web-operators', 'engineer@example.com']));
    const onHost = (path: string) => join(product.dataDir, 'sandbox/instances', host, path);
    const events = async (type: string) =>
      ((await product.as('auditor').get(`/audit-events?type=${type}`)).body as { items: object[] }).items;
    const asks = async () => {
      for (const { name } of ownResources) await product.as('engineer').asks(name, 1800);
    };

    it('shows what it would do, does nothing by that, and nothing for a digest that it did not show', async () => {
      await asks();
      const before = await done(engineer.tunnel(['ssh', 'web-1-own', '--', 'id']));
      expect(before.code).not.toBe(0);
      expect(before.err).toContain('LEASE_OS_ACCOUNT_MISSING');
      expect((await group('add')).code).toBe(0);
      const shown = await plan();
      expect(shown.hosts[0]?.changes).toMatchObject([{ kind: 'create', account: 'engineer' }]);
      const refused = await apply('0'.repeat(64));
      expect(refused.code).not.toBe(0);
      expect(refused.err).toContain('OS_USERS_PLAN_CHANGED');
      expect(await plan()).toEqual(shown);
      const words = await done(admin.tunnel(['users', 'plan', 'web-1']));
      expect(words.out).toMatch(/make: engineer for engineer@example.com, uid 20000\n.*--plan [0-9a-f]{64}/);
    });

    it('makes the account of who joins, without a key, and ssh and shells are theirs', async () => {
      expect(await apply((await plan()).digest)).toMatchObject({ code: 0, out: 'web-1  applied: 1 done\n' });
      const ssh = await done(engineer.tunnel(['ssh', 'web-1-own', '--', 'id -un; hostname; ls -a .ssh']));
      expect(ssh.out).toBe('engineer\nweb-1\n');
      const exec = await done(engineer.tunnel(['exec', 'web-1-own-shell', '--', 'id', '-un']));
      expect(exec).toMatchObject({ code: 0, out: 'engineer\n' });
      expect(await events('os_account.created')).toHaveLength(1);
      expect(readFileSync(onHost('etc/shadow'), 'utf8')).toMatch(/^engineer:\*:/m);
    });

    it('ends what runs and every grant of who leaves, locks the account, and lists keys without an owner', async () => {
      const shell = new Terminal(engineer, ['shell', 'web-1-own-shell']);
      await shell.shows(/\$ \n$/);
      const ssh = engineer.tunnel(['ssh', 'web-1-own', '--', 'echo begun; sleep 1000']);
      await ssh.until('begun');
      mkdirSync(onHost('home/engineer/.ssh'));
      writeFileSync(onHost('home/engineer/.ssh/authorized_keys'), 'ssh-ed25519 AAAA of my own\n');
      expect((await group('remove')).code).toBe(0);
      expect(await shell.ended()).not.toBe(0);
      expect(await ssh.code).not.toBe(0);
      const ended = (await events('grant.ended')) as { details: { reason: string } }[];
      expect(ended.map(({ details }) => details.reason)).toEqual(['leaver', 'leaver']);
      const shown = await plan();
      expect(shown.hosts[0]).toMatchObject({
        changes: [{ kind: 'lock', account: 'engineer' }],
        ownerlessKeys: [
          { path: '/home/engineer/.ssh/authorized_keys', why: 'the person has left the group' },
        ],
      });
      expect((await apply(shown.digest)).code).toBe(0);
      expect(readFileSync(onHost('etc/shadow'), 'utf8')).toMatch(/^engineer:!\*:.*:1:$/m);
      expect(existsSync(onHost('home/engineer/.ssh/authorized_keys'))).toBe(true);
      await expect.poll(async () => (await events('os_account.locked')).length, patience).toBe(1);
      expect((await plan()).hosts[0]?.changes).toEqual([]);
      await asks();
      const after = await done(engineer.tunnel(['ssh', 'web-1-own', '--', 'id']));
      expect(after.code).not.toBe(0);
      expect(after.err).toContain('LEASE_OS_ACCOUNT_MISSING');
    });
  },
);
