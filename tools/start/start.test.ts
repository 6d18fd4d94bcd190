import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startChild } from './child.ts';
import { lockInstallation } from './lock.ts';
import { startOf } from './process-identity.ts';
import { installationSecrets } from './secrets.ts';
import { assertPortFree, readSettings } from './settings.ts';
import { awsEnvironment, withoutAws } from './aws-profiles.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sallyport-start-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the lock of an installation', () => {
  it('refuses a second start while the first runs, and not after its release', () => {
    const release = lockInstallation(folder);
    expect(() => lockInstallation(folder)).toThrow(expect.objectContaining({ code: 'INSTALLATION_IN_USE' }));
    release();
    lockInstallation(folder)();
  });

  it('takes over from a process that was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const started = startOf(child.pid ?? 0);
    writeFileSync(join(folder, 'launcher.lock'), JSON.stringify({ pid: child.pid, started }));
    expect(() => lockInstallation(folder)).toThrow(expect.objectContaining({ code: 'INSTALLATION_IN_USE' }));
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockInstallation(folder)();
  });

  it('takes over a lock whose process number now belongs to another process, and one half written', () => {
    writeFileSync(join(folder, 'launcher.lock'), JSON.stringify({ pid: process.pid, started: '1' }));
    lockInstallation(folder)();
    writeFileSync(join(folder, 'launcher.lock'), '{"pid":');
    lockInstallation(folder)();
  });
});

describe('settings', () => {
  it.each([
    [{ PORT: 'abc' }, 'INSTALLATION_PORT_INVALID'],
    [{ PORT: '70000' }, 'INSTALLATION_PORT_INVALID'],
    [{ SALLYPORT_AWS: 'real' }, 'INSTALLATION_MODE_INVALID'],
    [{ SALLYPORT_BUILD: 'no' }, 'INSTALLATION_BUILD_INVALID'],
  ])('%o is refused with %s', (environment, code) => {
    expect(() => readSettings(environment, '/clone')).toThrow(expect.objectContaining({ code }));
  });

  it('defaults to port 3000 and .data in the clone', () => {
    expect(readSettings({}, '/clone')).toEqual({
      port: 3000,
      mode: 'sandbox',
      build: true,
      dataDir: '/clone/.data',
    });
    expect(readSettings({ SALLYPORT_BUILD: 'none' }, '/clone')).toMatchObject({ build: false });
  });

  it('says that the port is taken before anything starts', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await expect(assertPortFree(port)).rejects.toMatchObject({ code: 'INSTALLATION_PORT_TAKEN' });
    server.close();
  });
});

it('makes secrets once, for its owner only, and keeps them', async () => {
  const first = await installationSecrets(folder);
  expect(await installationSecrets(folder)).toEqual(first);
  expect(statSync(join(folder, 'secrets.json')).mode & 0o777).toBe(0o600);
  expect(first.accounts.map(({ email }) => email)).toContain('outsider@example.com');
});

it('lets nothing of the person’s own AWS settings through', () => {
  const own = { AWS_PROFILE: 'prod', AWS_ACCESS_KEY_ID: 'AKIA', AWS_ENDPOINT_URL_STS: 'x', PATH: '/bin' };
  expect(withoutAws(own)).toEqual({ PATH: '/bin' });
  const principalsFile = join(folder, 'principals.json');
  writeFileSync(
    principalsFile,
    JSON.stringify({ principals: [{ name: 'issuer', accessKeyId: 'A', secretAccessKey: 'B' }] }),
  );
  const made = awsEnvironment(folder, {
    awsEndpoint: 'http://127.0.0.1:1',
    region: 'eu-west-1',
    principalsFile,
  });
  expect(Object.values(made).filter((value) => value.startsWith('/'))).toHaveLength(2);
  expect(statSync(made.AWS_SHARED_CREDENTIALS_FILE).mode & 0o777).toBe(0o600);
});

describe('a part', () => {
  const options = (script: string) => ({
    name: 'part',
    args: ['-e', script],
    env: process.env,
    cwd: folder,
    logFile: join(folder, 'part.log'),
  });

  it('is ready when it says so, and ends on stop', async () => {
    const child = await startChild<{ port: number }>(
      options('console.log(JSON.stringify({ event: "ready", port: 7 })); setInterval(() => {}, 1000)'),
    );
    expect(child.ready.port).toBe(7);
    await child.stop();
    expect(await child.ended).toBe('exit SIGTERM');
  });

  it('that ends first is refused with its last words', async () => {
    await expect(
      startChild(options('console.error("no such table"); process.exit(3)')),
    ).rejects.toMatchObject({
      code: 'PART_START_FAILED',
      message: expect.stringMatching(/exit 3[^]*no such table/) as string,
    });
    expect(existsSync(join(folder, 'part.log'))).toBe(true);
  });
});
