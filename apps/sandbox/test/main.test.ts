import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const alone = fileURLToPath(new URL('../src/alone.ts', import.meta.url));
const patience = 60_000;

interface Ready {
  event: string;
  awsEndpoint: string;
  region: string;
  principalsFile: string;
}

function launch(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--conditions=development', main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function ready(child: ChildProcess): Promise<Ready> {
  const lines = createInterface({ input: child.stdout! });
  const [line] = (await once(lines, 'line')) as [string];
  return JSON.parse(line) as Ready;
}

let dataDir: string;
const started: ChildProcess[] = [];
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sandbox-main-'));
});
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

describe('the sandbox as a process', () => {
  it(
    'says when it is ready, survives kill -9 with its keys, and ends on SIGTERM within three seconds',
    async () => {
      const first = launch(['--data', dataDir]);
      started.push(first);
      const told = await ready(first);
      expect(told).toEqual({
        event: 'ready',
        awsEndpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
        region: 'eu-west-1',
        principalsFile: join(dataDir, 'sandbox', 'principals.json'),
      });
      for (const file of ['principals.json', 'secrets.json', 'control.json'])
        expect((await stat(join(dataDir, 'sandbox', file))).mode & 0o777).toBe(0o600);
      const keys = await readFile(told.principalsFile, 'utf8');
      expect(
        (JSON.parse(keys) as { principals: { name: string }[] }).principals.map(({ name }) => name),
      ).toEqual(['issuer', 'revoker', 'inventory', 'signer', 'provisioner', 'operator']);
      const answer = await fetch(`${told.awsEndpoint}/_sandbox/state`, {
        headers: { 'x-sandbox-control': 'x' },
      });
      expect(answer.status).not.toBe(200);
      first.kill('SIGKILL');
      await once(first, 'exit');

      const second = launch(['--data', dataDir]);
      started.push(second);
      expect((await ready(second)).principalsFile).toBe(told.principalsFile);
      expect(await readFile(told.principalsFile, 'utf8')).toBe(keys);
      const asked = performance.now();
      second.kill('SIGTERM');
      const [code] = (await once(second, 'exit')) as [number];
      expect(code).toBe(0);
      expect(performance.now() - asked).toBeLessThan(3000 * Math.max(1, loadavg()[0] ?? 1));
    },
    patience,
  );

  it(
    'run alone says what to export and what an agent needs, with every key in a private file and none in words',
    async () => {
      const folder = join(dataDir, 'alone');
      const child = spawn(
        process.execPath,
        [
          '--conditions=development',
          alone,
          '--data',
          folder,
          '--no-databases',
          '--agent-listen',
          '127.0.0.1:0',
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      started.push(child);
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await vi.waitFor(() => expect(said).toContain('Ctrl-C stops it.'), { timeout: patience });
      const exported = Object.fromEntries(
        [...said.matchAll(/(?<=export | )([A-Z][A-Z0-9_]+)=(\S*)/g)].map(([, name, value]) => [name, value]),
      );
      expect(exported['AWS_ENDPOINT_URL']).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      for (const name of ['AWS_SHARED_CREDENTIALS_FILE', 'SSL_CERT_FILE'])
        expect((await stat(String(exported[name]))).mode & 0o777).toBe(0o600);
      const keys = await readFile(join(folder, 'sandbox', 'principals.json'), 'utf8');
      const { principals } = JSON.parse(keys) as { principals: { secretAccessKey: string }[] };
      for (const { secretAccessKey } of principals) expect(said).not.toContain(secretAccessKey);
      const settings = JSON.parse(
        await readFile(/cp (\S+amazon-ssm-agent\.json)/.exec(said)![1]!, 'utf8'),
      ) as Record<string, { Endpoint?: string; ConsumptionOrder?: string[] }>;
      expect(settings['Mgs']!.Endpoint).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
      expect(settings['Identity']!.ConsumptionOrder).toEqual(['CustomIdentity']);
      child.kill('SIGINT');
      expect((await once(child, 'exit'))[0]).toBe(0);
    },
    patience,
  );
});
