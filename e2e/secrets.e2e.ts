import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { find } from '../tools/test/programs.ts';
import { PluginWorld } from './harness/plugin-world.ts';
import { keysOfRecording } from './harness/recording-keys.ts';
import {
  leaksIn,
  newFilesOfEverybody,
  placesOfFiles,
  placesOfProcesses,
  type Leak,
  type Place,
} from './harness/readable-places.ts';
import { Terminal } from './harness/terminal.ts';
import type { Run } from './harness/tunnel.ts';

/** No private key, lease secret, token of a session or key of a recording is ever where somebody else could read it. */
const missing = (['aws', 'curl', 'ssh', 'sshd', 'script'] as const).filter(
  (name) => find(name) === undefined,
);
const patience = { timeout: 60_000, interval: 100 };

describe.skipIf(missing.length > 0 && process.env.CI !== 'true')(
  `what is never written (needs aws, curl, ssh, sshd and script${missing.length > 0 ? `; missing: ${missing.join(', ')}` : ''})`,
  { timeout: 300_000 },
  () => {
    let world: PluginWorld;
    const running: Run[] = [];
    /** Every command that ran, for what it said. */
    const said: { readonly words: string; readonly run: Run }[] = [];
    /** Keys of recordings, from the headers of what lay sealed while it was recorded. */
    const recordingKeys = { file: new Set<Uint8Array>(), payload: new Set<Uint8Array>() };
    let since = 0;
    /** Shown in the shell that is recorded; on disk it stands only sealed. */
    const shown = 'words-of-a-recorded-shell';

    beforeAll(async () => {
      since = Date.now();
      world = await PluginWorld.start({ overheard: true });
      const temporary = join(world.laptop.home, 'tmp');
      mkdirSync(temporary, { mode: 0o700 });
      world.laptop.env['TMPDIR'] = temporary;
    }, 240_000);
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
    const keep = (run: Run, words = run.child.spawnargs.join(' ')): Run => {
      running.push(run);
      said.push({ words, run });
      return run;
    };
    const tunnel = (...words: string[]) => keep(world.laptop.tunnel(words), `tunnel ${words.join(' ')}`);

    /** Everything that runs for the person or for the control plane, and what the person's programs have written. */
    function places(): Place[] {
      const { laptop, product } = world;
      const parts = (['api', 'signer'] as const).map((part) => product.installation.pid(part));
      return [
        ...placesOfProcesses(`HOME=${laptop.home}\0`, parts),
        ...placesOfFiles(laptop.home),
        // What they say is read by others too, or kept; nothing is said more of than with --debug.
        ...said.flatMap(({ words, run }): Place[] => [
          { kind: 'output', where: words, bytes: Buffer.from(`${run.stdout}\n${run.stderr}`) },
        ]),
      ];
    }
    /** What the control plane has written and said, its database among it, and the agents of the instances; what stands in for AWS keeps its own. */
    function kept(): Place[] {
      const { dataDir } = world.product;
      const sandbox = join(dataDir, 'sandbox');
      return [...placesOfFiles(dataDir, [sandbox]), ...placesOfFiles(join(sandbox, 'companions'))];
    }
    /** What any program has left where everybody may write. Other tests do so too: what is sought there is ours by its value. */
    const strewn = () =>
      newFilesOfEverybody(since, [world.laptop.home, world.product.dataDir, ...world.folders]);

    /** By kind, as they were overheard on their way; those of recordings were never on one. */
    function values(): Map<string, ReadonlySet<string | Uint8Array>> {
      const { api, aws } = world.doors!;
      const bytes = [...aws.membersNamed('Plaintext')].map((text) => Buffer.from(text, 'base64'));
      return new Map<string, ReadonlySet<string | Uint8Array>>([
        ['secret of a lease', api.membersNamed('secretAccessKey')],
        ['session token of a lease', api.membersNamed('sessionToken')],
        ['token of a session', aws.membersNamed('TokenValue')],
        // Whole, and the halves that the two directions are sealed with.
        [
          'data key of a session',
          new Set(bytes.flatMap((key) => [key, key.subarray(0, 32), key.subarray(32)])),
        ],
        ['key of a recorded file', recordingKeys.file],
        ['key of what a recording holds', recordingKeys.payload],
        ['token of an agent', api.membersNamed('token')],
        ["auditors' private key", new Set([world.auditorsIdentity])],
        ['what a recorded shell showed', new Set([shown])],
        ['sign-in token', new Set([world.product.as('engineer').account.token])],
      ]);
    }
    /** How a private key is written, whichever it is: PEM, OpenSSH's form, age's, JWK as Node writes it, PKCS#8 of an ed25519 key, and each of them in base64. */
    const privateKeys = new Set<string | Uint8Array>([
      ...['PRIVATE KEY', 'openssh-key-v1', 'AGE-SECRET-KEY-1', '"crv":"Ed25519","d":"'],
      Buffer.from('302e020100300506032b657004220420', 'hex'),
    ]);
    const secrets = () => new Map([...values(), ['private key', privateKeys] as const]);

    /** What is allowed: the stored sign-in token and those of the sample accounts (0600), and what the AWS CLI itself hands the drop-in. */
    function allowed({ secret, kind, where }: Leak): boolean {
      // What is recorded is shown, once, to whom it is for.
      if (secret === 'what a recorded shell showed' && kind === 'output') return true;
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
    function leaks(): Leak[] {
      const own = [...places(), ...kept()];
      // Node keeps our compiled program there, which knows how keys begin: what is sought in it is known by its value.
      const written = own.filter(({ where }) => !where.includes('/node-compile-cache/'));
      const marks = new Map([['private key', privateKeys]]);
      return [...leaksIn([...own, ...strewn()], values()), ...leaksIn(written, marks)].filter(
        (leak) => !allowed(leak),
      );
    }

    /** One of each at the same time, begun one after the other: what starts alone is sooner there on a busy machine. */
    async function everythingRuns(): Promise<void> {
      const { laptop } = world;
      const begun = 'echo begun; exec sleep 1000';
      expect(await tunnel('connect', 'prod-web', '--background').code).toBe(0);
      await tunnel('connect', '--debug', 'prod-web', '--', 'sh', '-c', begun).until('begun');
      await tunnel('ssh', '--debug', 'files-1', '--', begun).until('begun');
      await tunnel('exec', '--debug', 'web-1-shell', '--', 'sh', '-c', begun).until('begun');
      const page = 'curl --silent --show-error --output /dev/null http://10.0.2.60:8080/';
      const socks = ['connect', '--debug', 'prod-vpc', '--socks', '0'];
      await tunnel(...socks, '--', 'sh', '-c', `${page} && ${begun}`).until('begun');
      const { body } = await world.product.as('engineer').post(`/grants/${world.grants['prod-web']}/leases`);
      const { documentName } = body as { documentName: string };
      const [program = '', ...words] = world.startSession('bastion', documentName, {}, 'prod-web');
      await keep(laptop.run(program, words), 'aws ssm').until('Waiting for connections...');
      const open = async (name: string) => {
        const terminal = new Terminal(laptop, ['shell', '--debug', name]);
        keep(terminal.run, `tunnel shell --debug ${name}`);
        // With --debug more is said on the same screen, at any time.
        await terminal.shows(/[\r\n]\$ /);
        return terminal;
      };
      await open('web-1-shell');
      const recorded = await open('web-1-recorded');
      recorded.type(`echo ${shown}\r`);
      await recorded.shows(new RegExp(`(?<!echo )${shown}`));
      const sealed = placesOfFiles(laptop.home).filter(({ where }) => where.endsWith('.cast.age'));
      for (const { bytes } of sealed) {
        const { fileKey, payloadKey } = keysOfRecording(bytes, world.auditorsIdentity);
        recordingKeys.file.add(fileKey);
        recordingKeys.payload.add(payloadKey);
      }
    }

    it('c2, e4: nothing of it stands in arguments, environments, files or logs while everything runs, nor afterwards', async () => {
      await everythingRuns();
      // There is something to find, or this would show nothing.
      for (const [kind, found] of secrets()) expect([kind, found.size]).not.toEqual([kind, 0]);
      expect(placesOfProcesses(`HOME=${world.laptop.home}\0`).length).toBeGreaterThan(14);
      // The control plane, its signer and the agents, which run in the sandbox, say what they say into these.
      for (const part of ['api', 'signer', 'sandbox', 'postgres'])
        expect(kept().map(({ where }) => where)).toContain(join(world.product.dataDir, `logs/${part}.log`));
      for (const command of ['exec', 'ssh', 'connect', 'shell']) {
        const { run } = said.find(({ words }) => words.startsWith(`tunnel ${command} --debug`)) ?? {};
        expect(`${run?.stdout}${run?.stderr}`).toContain('http');
      }
      expect(leaks()).toEqual([]);
      await endAll();
      await vi.waitFor(() => expect(world.plugins()).toEqual([]), patience);
      expect(await world.laptop.tunnel(['stop', '--all']).code).toBe(0);
      expect(leaks()).toEqual([]);
    });

    it('would be found: each kind of secret, in each kind of place, and in each form', async () => {
      const { laptop, product } = world;
      const one = (kind: string): string | Uint8Array => {
        const [value] = secrets().get(kind) ?? [];
        if (value === undefined) throw new Error(`no ${kind}`);
        return value;
      };
      const text = (kind: string) => one(kind) as string;
      const key = (kind: string) => Buffer.from(one(kind));
      const jwk = JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }));
      const files = new Map<string, string | Uint8Array>([
        // As it is, in base64 behind another byte, as bytes, in digits, as a list of numbers, as Node prints it.
        [join(laptop.home, 'state', 'canary-1'), `debug token=${text('token of a session')}\n`],
        [
          join(laptop.home, 'tmp', 'canary-2'),
          Buffer.from(`x${text('session token of a lease')}`).toString('base64'),
        ],
        [
          join(product.dataDir, 'logs', 'canary-3.log'),
          Buffer.concat([Buffer.alloc(3, 1), key('data key of a session')]),
        ],
        [
          join('/tmp', `canary-4-${process.pid}`),
          key('key of a recorded file').toString('hex').toUpperCase(),
        ],
        [join('/dev/shm', `canary-5-${process.pid}`), JSON.stringify(key('key of what a recording holds'))],
        [join('/var/tmp', `canary-6-${process.pid}`), `'${inspect(key('key of what a recording holds'))}'`],
        [join(product.dataDir, 'sandbox', 'companions', 'canary-7'), text('token of an agent')],
        [join(laptop.home, 'state', 'canary-8'), `MC4CAQAwBQYDK2VwBCIEI${'A'.repeat(43)}=`],
        [join(laptop.home, 'state', 'canary-9'), text("auditors' private key")],
        [join(product.dataDir, 'canary-10'), text('what a recorded shell showed')],
        [join(laptop.home, 'state', 'canary-12'), jwk],
        // Cut short at its end.
        [join(laptop.home, 'state', 'canary-13'), text('session token of a lease').slice(0, -65)],
      ]);
      const canary = spawn('sh', ['-c', 'echo ready; read line', 'canary', text('secret of a lease')], {
        env: { ...laptop.env, CANARY: Buffer.from(text('token of a session')).toString('base64url') },
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      try {
        await once(canary.stdout, 'data');
        for (const [path, content] of files) writeFileSync(path, content);
        // The control plane writes what it is asked for to its own standard output.
        const asked = key('key of a recorded file').toString('hex');
        expect((await product.as('engineer').get(`/${asked}`)).status).toBe(404);
        const log = join(product.dataDir, 'logs/api.log');
        await vi.waitFor(() => expect(readFileSync(log, 'utf8')).toContain(asked), patience);
        expect(await keep(laptop.run('cat', [], text('sign-in token')), 'canary-11').code).toBe(0);
        const found = leaks().map(({ secret, kind, where }) => [
          kind === 'file' || kind === 'output' ? (/canary-\d+/.exec(where)?.[0] ?? where) : kind,
          secret,
        ]);
        expect(found.sort()).toEqual(
          [
            ['arguments', 'secret of a lease'],
            ['environment', 'token of a session'],
            ['canary-1', 'token of a session'],
            ['canary-2', 'session token of a lease'],
            ['canary-3', 'data key of a session'],
            ['canary-4', 'key of a recorded file'],
            ['canary-5', 'key of what a recording holds'],
            ['canary-6', 'key of what a recording holds'],
            ['canary-7', 'token of an agent'],
            ['canary-8', 'private key'],
            ['canary-9', "auditors' private key"],
            ['canary-9', 'private key'],
            ['canary-10', 'what a recorded shell showed'],
            ['canary-11', 'sign-in token'],
            ['canary-12', 'private key'],
            ['canary-13', 'session token of a lease'],
            [log, 'key of a recorded file'],
          ].sort(),
        );
      } finally {
        canary.stdin.end();
        await once(canary, 'exit');
        for (const path of files.keys()) rmSync(path, { force: true });
      }
    });
  },
);
