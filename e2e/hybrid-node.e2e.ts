import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { find } from '../tools/test/programs.ts';
import { whileDenied } from './harness/denied-action.ts';
import { hybridWorld, node, webHost } from './harness/hybrid-world.ts';
import { grantOf } from './harness/person.ts';
import { Product } from './harness/product.ts';
import { Terminal } from './harness/terminal.ts';
import { Laptop, type Run } from './harness/tunnel.ts';

const missing = (['ssh', 'sshd', 'rsync', 'script', 'curl'] as const).some((program) => !find(program));

describe.skipIf(missing || process.getuid?.() !== 0)(
  'hosts of the newcomer’s world, with the sshd of the sandbox, and a node outside EC2 (needs root, ssh, sshd, rsync, script and curl)',
  { timeout: 240_000 },
  () => {
    let product: Product;
    let laptop: Laptop;
    let folder: string;
    const done = async (run: Run) => ({ code: await run.code, out: run.stdout, err: run.stderr });
    const pushes = () => product.cloudTrail().filter(({ eventName }) => eventName === 'SendSSHPublicKey');

    beforeAll(async () => {
      const written = hybridWorld();
      folder = written.folder;
      product = await Product.start({
        sandboxArgs: ['--world', written.worldFile, '--no-databases'],
        apiEnvironment: { SALLYPORT_CATALOG: written.catalogFile },
      });
      laptop = await Laptop.signedIn(product, 'engineer');
    }, 120_000);
    afterAll(async () => {
      await laptop?.remove();
      await product?.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    it('b4 is signed in to by tunnel ssh with a key of the person, asked for on the way', async () => {
      const key = join(laptop.home, 'own');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
      const keys = join(product.dataDir, 'sandbox/instances', node, 'home/ops/.ssh');
      mkdirSync(keys, { recursive: true });
      writeFileSync(join(keys, 'authorized_keys'), readFileSync(`${key}.pub`));
      const words = ['ssh', '--for', '30m', '--reason', 'a disk in the rack', 'rack-1', '-i', key];
      const run = await done(laptop.tunnel([...words, '--', 'id -un; hostname; exit 7']));
      expect(run, run.err).toMatchObject({ code: 7, out: 'ops\nrack-1\n' });
      expect(pushes()).toEqual([]);
      const starts = product.cloudTrail().filter(({ eventName }) => eventName === 'StartSession');
      expect(starts.at(-1)?.requestParameters).toMatchObject({ target: node });
    });

    it('b4 lets nobody in who has no key there, by its name or by its id', async () => {
      for (const name of ['rack-1', `ops@${node}`]) {
        const run = await done(laptop.tunnel(['ssh', name, '-o', 'BatchMode=yes', '--', 'true']));
        expect(run).toMatchObject({ code: 255, out: '' });
        expect(run.err).toContain('Permission denied (publickey)');
      }
      expect(pushes()).toEqual([]);
    });

    it('b1 brings each byte to web-1 and back: scp, sftp and rsync, as the user of the grant', async () => {
      await grantOf(product.as('engineer'), product.as('approver'), 'web-1', 1800);
      expect(await laptop.tunnel(['ssh-config', '--install']).code).toBe(0);
      const config = join(laptop.home, '.ssh/config');
      const sent = randomBytes(300_000);
      const at = (name: string) => join(laptop.home, name);
      writeFileSync(at('sent'), sent);
      const own = await done(laptop.tunnel(['scp', '-q', at('sent'), 'web-1:by-tunnel-scp']));
      expect(own, own.err).toMatchObject({ code: 0, out: '' });
      const scp = await done(laptop.run('scp', ['-F', config, '-q', at('sent'), 'web-1:by-scp']));
      expect(scp).toEqual({ code: 0, out: '', err: '' });
      const batch = `put ${at('sent')} by-sftp\nget by-scp ${at('back')}\n`;
      const sftp = await done(laptop.run('sftp', ['-F', config, '-q', '-b', '-', 'web-1'], batch));
      expect(sftp, sftp.err).toMatchObject({ code: 0 });
      const rsync = await done(laptop.run('rsync', ['-e', `ssh -F ${config}`, at('sent'), 'web-1:by-rsync']));
      expect(rsync, rsync.err).toMatchObject({ code: 0 });
      const home = join(product.dataDir, 'sandbox/instances', webHost, 'home/web-ops');
      for (const name of ['by-tunnel-scp', 'by-scp', 'by-sftp', 'by-rsync'])
        expect(readFileSync(join(home, name)).equals(sent), name).toBe(true);
      expect(readFileSync(at('back')).equals(sent)).toBe(true);
      expect(pushes().at(-1)).toMatchObject({
        requestParameters: { instanceId: webHost, osUser: 'web-ops' },
      });
    });

    const asking = ['--for', '30m', '--reason', 'a look'];

    it('e3 tells whoever runs a command that the account is not there', async () => {
      const run = await done(laptop.tunnel(['exec', 'ghost-shell', ...asking, '--', 'id']));
      expect(run).toMatchObject({ out: '' });
      expect(run.code).toBeGreaterThan(0);
      expect(run.err).toContain('The instance has no account ghost');
      expect(run.err).toContain('SESSION_ACCOUNT_MISSING');
    });

    it('e4 names the right that an instance lacks, and shows nothing in plain', async () => {
      await product.sandbox.instance(webHost, { mayDecrypt: false });
      try {
        const run = await done(laptop.tunnel(['exec', 'sealed-shell', ...asking, '--', 'id']));
        expect(run).toMatchObject({ out: '' });
        expect(run.code).toBeGreaterThan(0);
        expect(run.err).toContain('kms:Decrypt');
        expect(run.err).toContain('SESSION_KEY_DENIED');
      } finally {
        await product.sandbox.instance(webHost, { mayDecrypt: true });
      }
    });

    it('e4 names the right that a role lacks, and shows nothing in plain', async () => {
      const denied = { Action: 'kms:GenerateDataKey', Resource: '*' };
      const run = await whileDenied(product, denied, () =>
        done(laptop.tunnel(['exec', 'sealed-shell', ...asking, '--', 'id'])),
      );
      expect(run).toMatchObject({ code: 5, out: '' });
      expect(run.err).toContain('KMS refused kms:GenerateDataKey for this session (AccessDeniedException)');
      expect(run.err).toContain('SESSION_KEY_DENIED');
      const asked = product.cloudTrail().findLast(({ eventName }) => eventName === 'GenerateDataKey');
      expect(asked).toMatchObject({ errorCode: 'AccessDeniedException' });
    });

    it('runs a command in a terminal (exec --tty): its size, what is typed, Ctrl-C, and the terminal as it was', async () => {
      const program = 'stty size; read line; echo "read $line"; trap "echo caught; exit" INT; sleep 1000';
      const terminal = new Terminal(laptop, ['exec', 'sealed-shell', '--tty', ...asking, '--', program]);
      try {
        await terminal.shows(/(?:^|\n)30 100\r\n/);
        terminal.type('what is typed\r');
        await terminal.shows('read what is typed\r\n');
        terminal.type('\u0003');
        await terminal.shows('caught\r\n');
        expect(await terminal.ended()).toBe(0);
        expect(terminal.screen.slice(terminal.screen.lastIndexOf('ended 0'))).toMatch(/ icanon [^]* echo /);
      } finally {
        terminal.run.child.kill('SIGKILL');
        await terminal.run.code;
      }
    });

    it('e7 forwards a port where ssm-user was removed', async () => {
      await grantOf(product.as('engineer'), product.as('approver'), 'prod-web', 1800);
      const run = await done(laptop.tunnel(['connect', 'prod-web', '--', 'curl', '-s', '{url}']));
      expect(run, run.err).toMatchObject({ code: 0 });
      expect(run.out).toContain('Orders admin');
    });
  },
);
