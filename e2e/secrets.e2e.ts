import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { find } from '../tools/test/programs.ts';
import { PluginWorld } from './harness/plugin-world.ts';
import {
  leaksIn,
  placesOfFiles,
  placesOfProcesses,
  type Leak,
  type Place,
} from './harness/readable-places.ts';
import { Terminal } from './harness/terminal.ts';
import type { Run } from './harness/tunnel.ts';

/** No private key, lease secret, token of a session or key of a recording is ever where somebody else could read it. */
const missing = (['aws', 'ssh', 'sshd', 'script'] as const).filter((name) => find(name) === undefined);
const patience = { timeout: 60_000, interval: 100 };

describe.skipIf(missing.length > 0 && process.env.CI !== 'true')(
  `what is never written (needs aws, ssh, sshd and script${missing.length > 0 ? `; missing: ${missing.join(', ')}` : ''})`,
  { timeout: 180_000 },
  () => {
    let world: PluginWorld;
    const running: Run[] = [];
    /** Shown in the shell that is recorded; on disk it stands only sealed. */
    const shown = 'words-of-a-recorded-shell';

    beforeAll(async () => {
      world = await PluginWorld.start({ overheard: true });
    }, 120_000);
    afterAll(async () => {
      await endAll();
      await world?.laptop.tunnel(['stop', '--all']).code;
      await world?.stop();
    });

    /** In order, so that a program that was started through a tunnel ends with it; a terminal is closed. */
    async function endAll(): Promise<void> {
      const ended = running.splice(0).map((run) => {
        run.child.kill(run.child.spawnfile === 'script' ? 'SIGKILL' : 'SIGTERM');
        return run.code;
      });
      await Promise.all(ended);
    }
    const keep = (run: Run): Run => {
      running.push(run);
      return run;
    };
    const tunnel = (...words: string[]) => keep(world.laptop.tunnel(words));

    /** Everything that runs for the person or for the control plane, and what the person's programs have written. */
    function places(): Place[] {
      const { laptop, product } = world;
      const parts = (['api', 'signer'] as const).map((part) => product.installation.pid(part));
      return [...placesOfProcesses(`HOME=${laptop.home}\0`, parts), ...placesOfFiles(laptop.home)];
    }
    /** What the control plane has written, its database among it; what stands in for AWS keeps its own. */
    function kept(): Place[] {
      const { dataDir } = world.product;
      return placesOfFiles(dataDir, [join(dataDir, 'sandbox')]);
    }

    /** By kind, as they were overheard on their way. */
    function secrets(): Map<string, Set<string>> {
      const { api, aws } = world.doors!;
      return new Map([
        ['secret of a lease', api.membersNamed('secretAccessKey')],
        ['session token of a lease', api.membersNamed('sessionToken')],
        ['token of a session', aws.membersNamed('TokenValue')],
        ['data key of a session', aws.membersNamed('Plaintext')],
        ['private key', new Set(['PRIVATE KEY', 'openssh-key-v1', 'AGE-SECRET-KEY-1'])],
        ['what a recorded shell showed', new Set([shown])],
        ['sign-in token', new Set([world.product.as('engineer').account.token])],
      ]);
    }

    /** What is allowed: the stored sign-in token and those of the sample accounts (0600), and what the AWS CLI itself hands the drop-in. */
    function allowed({ secret, kind, where }: Leak): boolean {
      if (secret === 'sign-in token' && kind === 'file') {
        const { laptop, product } = world;
        const samples = ['sandbox.json', 'accounts.json', 'secrets.json'].map((name) =>
          join(product.dataDir, name),
        );
        const own = samples.includes(where) || where.startsWith(join(laptop.home, 'config'));
        return own && (statSync(where).mode & 0o077) === 0;
      }
      // Older versions of the CLI hand it over as a word.
      return secret === 'token of a session' && kind !== 'file' && /session-manager-plugin/.test(where);
    }
    const leaks = (among = places()) => leaksIn(among, secrets()).filter((leak) => !allowed(leak));

    /** One of each at the same time, begun one after the other. */
    async function everythingRuns(): Promise<void> {
      const { laptop } = world;
      const begun = 'echo begun; exec sleep 1000';
      expect(await tunnel('connect', 'prod-web', '--background').code).toBe(0);
      await tunnel('connect', 'prod-web', '--', 'sh', '-c', begun).until('begun');
      await tunnel('ssh', 'files-1', '--', begun).until('begun');
      await tunnel('exec', 'web-1-shell', '--', 'sh', '-c', begun).until('begun');
      const { body } = await world.product.as('engineer').post(`/grants/${world.grants['prod-web']}/leases`);
      const { documentName } = body as { documentName: string };
      const [program = '', ...words] = world.startSession('bastion', documentName, {}, 'prod-web');
      await keep(laptop.run(program, words)).until('Waiting for connections...');
      const open = async (name: string) => {
        const terminal = new Terminal(laptop, ['shell', name]);
        keep(terminal.run);
        await terminal.shows(/\$ \n?$/);
        return terminal;
      };
      await open('web-1-shell');
      const recorded = await open('web-1-recorded');
      recorded.type(`echo ${shown}\r`);
      await recorded.shows(new RegExp(`\\n${shown}\\r\\n`));
    }

    it('c2, e4: nothing of it stands in arguments, environments, files or logs while everything runs, nor afterwards', async () => {
      await everythingRuns();
      // There is something to find, or this would show nothing.
      for (const [kind, values] of secrets()) expect([kind, values.size]).not.toEqual([kind, 0]);
      expect(placesOfProcesses(`HOME=${world.laptop.home}\0`).length).toBeGreaterThan(12);
      expect(leaks()).toEqual([]);
      await endAll();
      await vi.waitFor(() => expect(world.plugins()).toEqual([]), patience);
      expect(await world.laptop.tunnel(['stop', '--all']).code).toBe(0);
      expect(leaks([...places(), ...kept()])).toEqual([]);
    });

    it('would be found: in an argument, in an environment, in a file, and in base64', async () => {
      const [token = ''] = world.doors!.aws.membersNamed('TokenValue');
      const [secret = ''] = world.doors!.api.membersNamed('secretAccessKey');
      const file = join(world.laptop.home, 'state', 'canary.log');
      writeFileSync(file, `debug token=${Buffer.from(token).toString('base64')}\n`);
      const canary = spawn('sh', ['-c', 'echo ready; read line', 'canary', secret], {
        env: { ...world.laptop.env, CANARY: token },
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      try {
        await once(canary.stdout, 'data');
        expect(
          leaks()
            .map(({ secret: what, kind }) => `${what}: ${kind}`)
            .sort(),
        ).toEqual([
          'secret of a lease: arguments',
          'token of a session: environment',
          'token of a session: file',
        ]);
      } finally {
        canary.stdin.end();
        await once(canary, 'exit');
        rmSync(file);
      }
    });
  },
);
