import { lstat, mkdir, writeFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { aGrant, type ApiDouble, aRequest, aResource, token } from '../test/api-double.ts';
import { eachTestHas } from '../test/desk.ts';
import type { Person } from '../test/world-double.ts';

let api: ApiDouble;
let person: Person;
let signedIn: () => Promise<void>;
eachTestHas((desk) => ({ api, person, signedIn } = desk));

describe('connect', () => {
  beforeEach(async () => {
    await signedIn();
    api.on('GET /resources/prod-rds', { body: aResource() });
    api.on('GET /grants', { body: { items: [] } });
    api.on('GET /access-requests', { body: { items: [] } });
    api.on('POST /access-requests', { status: 201, body: aRequest() });
    api.on(`GET /access-requests/${aRequest().id}`, { body: aRequest() });
  });

  it('without a grant and with --no-wait asks and returns 8', async () => {
    const { code, err } = await person.types(
      'connect',
      'prod-rds',
      '--no-wait',
      '--for',
      '1h',
      '--reason',
      'INC-1',
    );
    expect(code).toBe(8);
    expect(err).toContain('REQUEST_WAITING');
  });

  it('does not ask twice when a request waits already', async () => {
    api.on('GET /access-requests', { body: { items: [aRequest()] } });
    expect((await person.types('connect', 'prod-rds', '--no-wait')).code).toBe(8);
    expect(api.asked.some((asked) => asked.method === 'POST')).toBe(false);
  });

  it('without a grant, a terminal and --reason returns 2', async () => {
    expect((await person.types('connect', 'prod-rds')).code).toBe(2);
  });

  it('refuses what is not connectable yet with its catalogued reason', async () => {
    const notConnectable = { code: 'RESOURCE_NOT_CONNECTABLE', reason: 'SSH comes later' };
    api.on('GET /resources/web-1', {
      body: aResource({ name: 'web-1', connectable: false, notConnectable }),
    });
    const { code, err } = await person.types('connect', 'web-1', '--reason', 'x');
    expect(code).toBe(5);
    expect(err).toContain('SSH comes later (RESOURCE_NOT_CONNECTABLE)');
  });

  it('exits 12 with the reason when the grant has ended before the lease', async () => {
    api.on('GET /grants', { body: { items: [aGrant()] } });
    api.refuse(`POST /grants/${aGrant().id}/leases`, 409, 'GRANT_ENDED', 'ended', 'Ended', {
      endReason: 'revoked',
      endComment: 'laptop lost',
    });
    const { code, err } = await person.types('connect', 'prod-rds', '--port', '0');
    expect(code).toBe(12);
    expect(err).toContain('it was revoked: "laptop lost" (GRANT_ENDED)');
  });

  it('leaves no announcement and no socket behind when it fails', async () => {
    api.on('GET /grants', { body: { items: [aGrant()] } });
    api.refuse(
      `POST /grants/${aGrant().id}/leases`,
      503,
      'GATEWAY_OFFLINE',
      'unavailable',
      'The gateway is offline',
    );
    expect((await person.types('connect', 'prod-rds', '--port', '0')).code).toBe(10);
    const state = join(person.home, '.local', 'state', 'sallyport');
    expect(await readdir(join(state, 'tunnels'))).toEqual([]);
    expect((await readdir(state)).filter((name) => name.endsWith('.sock'))).toEqual([]);
  });
});

describe('tunnels of this machine', () => {
  it('forgets a tunnel whose process has died, and tells the ones elsewhere', async () => {
    await signedIn();
    const folder = join(person.home, '.local', 'state', 'sallyport', 'tunnels');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const entry = {
      version: 1,
      pid: 1,
      name: 'prod-rds',
      socket: join(folder, 'gone.sock'),
      sessionId: 'ses_0',
    };
    await writeFile(join(folder, '1-prod-rds.json'), JSON.stringify(entry), { mode: 0o600 });
    const session = {
      ...aGrant(),
      id: 'ses_1',
      state: 'open',
      grantId: aGrant().id,
      openedAt: aGrant().startsAt,
      bytesUp: 1,
      bytesDown: 2,
    };
    api.on('GET /sessions', { body: { items: [session] } });
    const { out } = await person.types('ps', '--json');
    expect(JSON.parse(out)).toMatchObject({ items: [{ id: 'ses_1', grantId: aGrant().id, port: null }] });
    expect(await person.types('stop', 'prod-rds')).toMatchObject({ code: 6 });
    await expect(lstat(join(folder, '1-prod-rds.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('secrets', () => {
  it('are printed by no command, with --debug neither; the canary can fail', async () => {
    await signedIn();
    api.on('GET /resources', { body: { items: [aResource()] } });
    const told: string[] = [];
    for (const argv of [['whoami'], ['ls'], ['status'], ['doctor'], ['logout']]) {
      const { out, err } = await person.types(...argv, '--debug');
      told.push(out, err);
    }
    expect(told.join('')).not.toContain(token);
    // What would be told if a header were: the same sieve finds it.
    expect([...told, `authorization=Bearer ${token}`].join('')).toContain(token);
    expect(told.join('')).toContain('debug');
  });
});
