import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { find } from '../tools/test/programs.ts';
import { hybridWorld, node } from './harness/hybrid-world.ts';
import { Product } from './harness/product.ts';
import { Laptop, type Run } from './harness/tunnel.ts';

describe.skipIf(!find('ssh') || !find('sshd') || process.getuid?.() !== 0)(
  'a node outside EC2, in the world of the newcomer with an sshd of the sandbox (needs root, ssh and sshd)',
  { timeout: 120_000 },
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
  },
);
