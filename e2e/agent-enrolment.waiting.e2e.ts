import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { repository } from '../tools/start/installation.ts';
import { Product } from './harness/product.ts';

/** The agent's own program against the real control plane: enrolment, signed calls, and a second use of the join token. */
let product: Product;
let folder: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-enrolment-'));
  product = await Product.start();
});
afterEach(async () => {
  for (const child of running.splice(0)) await ended(child);
});
afterAll(async () => {
  await product.remove();
  rmSync(folder, { recursive: true, force: true });
});

const instanceId = 'i-0fedcba9876543210';

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  return child.exitCode;
}

/** Starts the agent with a state folder of its own; resolves with what it said until it listened or ended. */
async function agent(name: string, joinToken?: string) {
  const stateFolder = join(folder, name);
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  const joinTokenFile = join(stateFolder, 'join-token');
  if (joinToken !== undefined) writeFileSync(joinTokenFile, joinToken, { mode: 0o600 });
  const config = join(folder, `${name}.json`);
  const settings = { controlPlane: product.apiUrl, instanceId, joinTokenFile, stateFolder, port: 0 };
  writeFileSync(config, JSON.stringify(settings), { mode: 0o644 });
  const program = join(repository, 'apps/agent/src/main.ts');
  const child = spawn(process.execPath, ['--conditions=development', program, 'run', '--config', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {},
  });
  running.push(child);
  const said = { text: '' };
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.text += text));
  const line = once(createInterface({ input: child.stdout }), 'line').then(([first]) => String(first));
  const first = await Promise.race([line, once(child, 'close').then(() => '')]);
  return { child, said, first, joinTokenFile };
}

it('enrols once, is listed, signs its calls so that they are believed, and needs no token again', async () => {
  const admin = product.as('admin');
  const { status, body } = await admin.post('/agents/join-tokens', { instanceId });
  expect(status).toBe(201);
  const { token } = body as { token: string };

  const first = await agent('first', token);
  expect(first.first).toContain('"ready"');
  expect(existsSync(first.joinTokenFile)).toBe(false);
  const listed = await vi.waitFor(
    async () => {
      const { items } = (await admin.get('/agents')).body as {
        items: { instanceId: string; enrolledBy: string; lastSeenAt: string | null }[];
      };
      const found = items.find((item) => item.instanceId === instanceId);
      // Only a call with a good signature is a sign of life.
      expect(found?.lastSeenAt).toEqual(expect.any(String));
      return found;
    },
    { timeout: 60_000, interval: 100 },
  );
  expect(listed).toMatchObject({ enrolledBy: 'join' });
  expect(first.said.text).not.toContain('cannot be heard');
  expect(await ended(first.child)).toBe(0);

  const again = await agent('first');
  expect(again.first).toContain('"ready"');

  const thief = await agent('thief', token);
  expect(thief.first).toBe('');
  expect(thief.said.text).toContain('AGENT_JOIN_REFUSED');
  expect(thief.child.exitCode).toBe(10);
});
