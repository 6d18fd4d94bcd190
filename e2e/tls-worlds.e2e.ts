import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repository } from '../tools/start/installation.ts';
import { find } from '../tools/test/programs.ts';
import { attachedInstance, emulatedBastions, iamEndpoint, iamWorld } from './harness/iam-world.ts';
import { Product } from './harness/product.ts';
import { Laptop } from './harness/tunnel.ts';

/** What the sandbox offers over TLS: databases that sign people in by IAM, and a gateway for agents of other processes. */
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

describe.skipIf(find('psql') === undefined && process.env.CI !== 'true')(
  'c5: a database with IAM sign-in',
  () => {
    const opened = ['connect', 'test-iam', '--for', '30m', '--reason', 'c5'];

    it('psql signs in with a token for the true endpoint over TLS of its name, and reads', async () => {
      const sql =
        'select current_user, (select count(*) > 0 from orders), current_setting($$default_transaction_read_only$$)';
      const run = laptop.tunnel([...opened, '--', 'psql', '-XAtc', sql]);
      expect(await run.code, run.stderr).toBe(0);
      expect(run.stdout.trim()).toBe('jit_reader|t|on');
    });

    it('hands psql what it needs to verify the name, and the token nowhere but in a private file', async () => {
      const run = laptop.tunnel([...opened, '--', 'sh', '-c', 'env | grep ^PG | sort']);
      expect(await run.code, run.stderr).toBe(0);
      expect(run.stdout).toMatch(/^PGSSLMODE=verify-full$/m);
      expect(run.stdout).toMatch(new RegExp(`^PGHOST=${iamEndpoint.replaceAll('.', '\\.')}$`, 'm'));
      expect(run.stdout).toMatch(/^PGHOSTADDR=127\.0\.0\.1$/m);
      expect(run.stdout).not.toContain('X-Amz-Signature');
    });

    it('refuses psql that comes with another password', async () => {
      const guess = 'unset PGPASSFILE; PGPASSWORD=guess psql -w -XAtc "select 1"';
      const run = laptop.tunnel([...opened, '--', 'sh', '-c', guess]);
      expect(await run.code).not.toBe(0);
      expect(run.stderr + run.stdout).toContain('PAM authentication failed for user "jit_reader"');
    });
  },
);

describe('a gateway whose agent is a process of its own', () => {
  let agent: ChildProcess;
  let echo: Server;
  beforeAll(async () => {
    echo = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const place = join(product.dataDir, 'sandbox/agent');
    agent = spawn(
      process.execPath,
      [
        '--conditions=development',
        join(repository, 'apps/sandbox/test/rig/agent-process.ts'),
        '--configuration',
        join(place, attachedInstance, 'amazon-ssm-agent.json'),
        '--hosts',
        JSON.stringify({ 'echo.internal:7': (echo.address() as AddressInfo).port }),
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          PATH: process.env.PATH,
          SSL_CERT_FILE: join(place, 'ca.pem'),
          AWS_SHARED_CREDENTIALS_FILE: join(place, 'credentials'),
        },
      },
    );
    // Its one line says that the control channel is open.
    await once(agent.stdout!, 'data');
    for (const id of emulatedBastions) await product.sandbox.instance(id, { online: false });
  });
  afterAll(async () => {
    const exited = once(agent, 'exit');
    agent.kill('SIGKILL');
    await exited;
    echo.close();
  });

  it('carries what goes through the tunnel of our client, also after both its sockets were lost', async () => {
    const run = laptop.tunnel(['connect', 'test-echo', '--for', '30m', '--reason', 'attached', '--json']);
    await run.until(/"port":\s*\d+/);
    const port = Number(/"port":\s*(\d+)/.exec(run.stdout)?.[1]);
    const local = connect(port, '127.0.0.1');
    local.on('error', () => undefined);
    await echoes(local, 'over the control channel of an agent\n');
    const started = product.cloudTrail().findLast(({ eventName }) => eventName === 'StartSession');
    expect(started?.requestParameters).toMatchObject({ target: attachedInstance });
    expect(product.cloudTrail().map(({ eventName }) => eventName)).toEqual(
      expect.arrayContaining(['CreateControlChannel', 'OpenControlChannel', 'CreateDataChannel']),
    );
    await product.sandbox.event({ kill: { side: 'agent', instanceId: attachedInstance } });
    await product.sandbox.event({ kill: { side: 'client', instanceId: attachedInstance, how: 'reset' } });
    await echoes(local, 'and after both its ends came back\n');
    local.destroy();
    run.child.kill('SIGINT');
    expect(await run.code).toBe(130);
  });
});

/** Sends the text and reads as many bytes, which must be the same. */
async function echoes(local: ReturnType<typeof connect>, text: string): Promise<void> {
  let heard = '';
  const all = new Promise<void>((resolve, reject) => {
    const take = (bytes: Buffer) => {
      heard += bytes.toString();
      if (heard.length < text.length) return;
      local.off('data', take);
      resolve();
    };
    local.on('data', take);
    local.once('close', () => reject(new Error(`closed after ${JSON.stringify(heard)}`)));
  });
  local.write(text);
  await all;
  expect(heard).toBe(text);
}
