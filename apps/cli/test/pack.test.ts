import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);

/** What oclif would load to run TypeScript, never in a bundle; the one optional package; what proxies with Negotiate would need. */
const notBundled = new Set(['typescript', 'ts-node', 'tsx', 'koffi', 'kerberos']);

/** Specifiers of static and dynamic imports in minified code. */
const packageName = /(?:[}\w*]from|\bimport\(?)"([a-z@][\w@./:-]*)"/gu;

describe('the package that people install', () => {
  let folder = '';
  let told = '';
  const env = () => ({
    PATH: process.env['PATH'],
    HOME: folder,
    npm_config_cache: join(folder, 'no-cache'),
    npm_config_update_notifier: 'false',
  });
  const tunnel = (argv: string[], settings: Record<string, string> = {}) =>
    run(process.execPath, [join(folder, 'elsewhere/node_modules/@sallyport/cli/bin/run.js'), ...argv], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, ...settings },
      timeout: 60_000,
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tunnel-packed-'));
    const pack = join(import.meta.dirname, '../pack.mjs');
    told = (await run(process.execPath, [pack, folder], { env: { ...env(), npm_config_cache: undefined } }))
      .stdout;
    const file = told.split('\n')[0] ?? '';
    const elsewhere = join(folder, 'elsewhere');
    // An empty folder, no network, an empty cache, no optional package: nothing but what is in the file.
    await run(
      'npm',
      ['install', '--prefix', elsewhere, '--offline', '--omit=optional', '--no-audit', '--no-fund', file],
      {
        cwd: folder,
        env: env(),
      },
    );
  }, 180_000);
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('tells its size and how many files it holds', () => {
    expect(told).toMatch(/^\d+ KiB packed, \d+ KiB unpacked, \d+ files$/mu);
  });

  it('brings no other package along', async () => {
    expect(await readdir(join(folder, 'elsewhere/node_modules'))).toEqual(
      expect.arrayContaining(['@sallyport']) as string[],
    );
    const others = await readdir(join(folder, 'elsewhere/node_modules'));
    expect(others.filter((name) => !name.startsWith('.'))).toEqual(['@sallyport']);
  });

  it('imports nothing that it does not bring', async () => {
    const dist = join(folder, 'elsewhere/node_modules/@sallyport/cli/dist');
    const foreign = new Set<string>();
    for (const name of await readdir(dist)) {
      const text = await readFile(join(dist, name), 'utf8');
      for (const [, asked = ''] of text.matchAll(packageName))
        if (!asked.startsWith('.') && !isBuiltin(asked) && !notBundled.has(asked)) foreign.add(asked);
    }
    expect([...foreign]).toEqual([]);
  });

  it('tells its version, and has help and a manual page', async () => {
    expect((await tunnel(['--version'])).stdout).toMatch(/^tunnel \d+\.\d+\.\d+\n$/u);
    expect((await tunnel(['connect', '--help'])).stdout).toContain('tunnel connect prod-rds');
    const page = join(folder, 'elsewhere/node_modules/@sallyport/cli/man/tunnel.1');
    expect(await readFile(page, 'utf8')).toContain('.TH TUNNEL 1');
  });

  it('runs a command there: nobody is signed in', async () => {
    await expect(tunnel(['ls'])).rejects.toMatchObject({ code: 4 });
  });

  it('speaks through a proxy, which needs code that is loaded late', async () => {
    const proxy = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    const { port } = proxy.address() as AddressInfo;
    const settings = {
      TUNNEL_SERVER: 'https://sallyport.invalid',
      HTTPS_PROXY: `http://127.0.0.1:${port}`,
      NO_PROXY: '',
    };
    const signedIn = join(folder, '.config/sallyport');
    await mkdir(signedIn, { recursive: true, mode: 0o700 });
    const file = {
      version: 1,
      servers: { [settings.TUNNEL_SERVER]: { token: 'sp_token', email: 'a@example.com' } },
    };
    await writeFile(join(signedIn, 'sign-ins.json'), JSON.stringify(file), { mode: 0o600 });
    try {
      await expect(tunnel(['ls'], settings)).rejects.toMatchObject({
        stderr: expect.stringContaining('PROXY_REFUSED') as string,
      });
    } finally {
      await rm(signedIn, { recursive: true });
      proxy.close();
    }
  });

  it('completes commands without anything else', async () => {
    expect((await tunnel(['complete', '--', 'conn'])).stdout).toBe('connect\n');
  });

  it('names whose code it holds', async () => {
    const text = await readFile(
      join(folder, 'elsewhere/node_modules/@sallyport/cli/THIRD-PARTY.txt'),
      'utf8',
    );
    for (const name of ['@oclif/core', 'ws', '@aws-sdk/client-ssm', 'agent-base'])
      expect(text).toContain(`${name} `);
  });

  it('would tell of a foreign import (the check can fail)', async () => {
    const spoilt = join(folder, 'spoilt.mjs');
    await writeFile(spoilt, 'import{x}from"left-pad";');
    const text = await readFile(spoilt, 'utf8');
    expect([...text.matchAll(packageName)].map(([, name]) => name)).toEqual(['left-pad']);
  });
});
