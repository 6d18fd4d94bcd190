import { chmod } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { aGrant, aLease, ApiDouble, aResource, token } from '../../test/api-double.ts';
import { announcedTunnel } from '../../test/open-tunnel-double.ts';
import { SsmDouble } from '../../test/ssm-double.ts';
import { Person } from '../../test/world-double.ts';
import type { Finding } from './finding.ts';
import { agentAge } from './resource-checks.ts';

let api: ApiDouble;
let ssm: SsmDouble;
let person: Person;
const servers: Server[] = [];

beforeEach(async () => {
  api = await ApiDouble.start();
  ssm = await SsmDouble.start();
  person = await Person.at(api.url);
  person.stdin = `${token}\n`;
  await person.types('login', '--token-stdin');
  person.stdin = '';
  api.on('GET /resources', { body: { items: [aResource()] } });
  api.on('GET /resources/prod-rds', { body: aResource() });
  api.on('GET /grants', { body: { items: [] } });
  api.on(`POST /grants/${aGrant().id}/leases`, {
    status: 201,
    body: aLease({ endpoint: `http://${ssm.host}` }),
  });
  api.on('POST /sessions', { status: 201, body: { id: 'ses_1', endsAt: aGrant().endsAt } });
  api.on('POST /sessions/ses_1/close', { body: {} });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) server.close();
  await person.leave();
  await ssm.stop();
  await api.stop();
});

async function doctor(...names: string[]): Promise<{ code: number; items: Finding[] }> {
  const { code, out } = await person.types('doctor', ...names, '--json');
  return { code, items: (JSON.parse(out) as { items: Finding[] }).items };
}
const failed = (items: readonly Finding[]) => items.filter(({ state }) => state === 'failed');

async function listening(answer: (bytes: Buffer) => string | undefined): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (bytes) => {
      const text = answer(bytes);
      if (text === undefined) socket.destroy();
      else socket.end(text);
    });
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const port = await listening(() => undefined);
  await new Promise((done) => servers.pop()?.close(done));
  return port;
}

it('passes where everything is well', async () => {
  const { code, items } = await doctor();
  expect(failed(items)).toEqual([]);
  expect(code).toBe(0);
});

it('finds a clock that is wrong', async () => {
  api.clockOffsetMs = 10 * 60_000;
  const { code, items } = await doctor();
  expect(failed(items)).toMatchObject([{ id: 'clock', code: 'LOCAL_CLOCK_WRONG', exitCode: 11 }]);
  expect(code).toBe(11);
});

it('finds a token file that others can read', async () => {
  await chmod(join(person.home, '.config', 'sallyport', 'sign-ins.json'), 0o644);
  const { items } = await doctor();
  expect(failed(items)).toMatchObject([{ id: 'token file', code: 'TOKEN_FILE_UNSAFE' }]);
});

it('finds WebSockets that are blocked where HTTPS is not', async () => {
  api.blockWebSockets();
  const { code, items } = await doctor();
  expect(failed(items)).toMatchObject([{ id: 'live channel', code: 'NETWORK_WEBSOCKET_BLOCKED' }]);
  expect(code).toBe(10);
}, 60_000);

it('finds a portal that answers in place of the server', async () => {
  api.on('GET /health/live', { type: 'text/html', body: '<html>Welcome to the hotel</html>' });
  const { items } = await doctor();
  expect(failed(items)).toMatchObject([{ id: 'server', code: 'NETWORK_HTTPS_BLOCKED' }]);
});

it('finds a name that does not resolve', async () => {
  person.env['TUNNEL_SERVER'] = 'https://sallyport.invalid';
  const { items } = await doctor();
  expect(failed(items)).toMatchObject([{ id: 'server', code: 'NETWORK_NAME_UNRESOLVED' }]);
});

it('finds a port that takes no connection', async () => {
  person.env['TUNNEL_SERVER'] = `https://127.0.0.1:${await freePort()}`;
  const { items } = await doctor();
  expect(failed(items)).toMatchObject([{ id: 'server', code: 'NETWORK_CONNECTION_REFUSED' }]);
});

it('finds TLS that is not what it should be', async () => {
  person.env['TUNNEL_SERVER'] =
    `https://127.0.0.1:${await listening(() => 'HTTP/1.1 400 Bad Request\r\n\r\n')}`;
  const { items } = await doctor();
  expect(failed(items)).toMatchObject([{ id: 'server', code: 'NETWORK_TLS_REFUSED' }]);
});

it('finds a server that takes the connection and hangs up', async () => {
  person.env['TUNNEL_SERVER'] = `http://127.0.0.1:${await listening(() => undefined)}`;
  const { items } = await doctor();
  expect(failed(items)).toMatchObject([{ id: 'server', code: 'NETWORK_HTTPS_BLOCKED' }]);
});

it.each([
  ['asks for a password', 'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', 'PROXY_REFUSED'],
  ['does not get on', 'HTTP/1.1 502 Bad Gateway\r\n\r\n', 'PROXY_UNREACHABLE'],
])('finds a proxy that %s', async (_, answer, code) => {
  vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${await listening(() => answer)}`);
  vi.stubEnv('NO_PROXY', '');
  person.env['TUNNEL_SERVER'] = 'https://sallyport.invalid';
  const { items } = await doctor();
  expect(failed(items)).toMatchObject([{ id: 'server', code }]);
});

it('finds an AWS endpoint that cannot be reached', async () => {
  person.env['TUNNEL_AWS_ENDPOINT'] = `https://127.0.0.1:${await freePort()}`;
  const { items } = await doctor();
  expect(failed(items)).toMatchObject([{ id: 'ssm eu-west-1', code: 'NETWORK_CONNECTION_REFUSED' }]);
});

it('finds a setting that cannot be meant', async () => {
  person.env['AWS_USE_FIPS_ENDPOINT'] = 'perhaps';
  const { items } = await doctor();
  expect(failed(items)).toMatchObject([{ id: 'aws settings', code: 'CONNECTION_SETTING_INVALID' }]);
});

describe('with a name', () => {
  beforeEach(() => {
    api.on('GET /grants', { body: { items: [aGrant()] } });
  });

  it.each([
    ['rights that are missing', 'AccessDeniedException', 'GATEWAY_RIGHTS_MISSING'],
    ['an agent that is offline', 'TargetNotConnected', 'SSM_TARGET_OFFLINE'],
    ['a clock that AWS refuses', 'RequestExpired', 'LOCAL_CLOCK_WRONG'],
  ])('finds %s', async (_, refusal, code) => {
    ssm.refusal = refusal;
    const { items } = await doctor('prod-rds');
    expect(failed(items)).toMatchObject([{ id: 'session', code }]);
    expect(ssm.calls).toContain('StartSession');
  });

  it('finds WebSockets that are blocked on the way to AWS, and closes what it opened', async () => {
    const { items } = await doctor('prod-rds');
    expect(failed(items)).toMatchObject([{ id: 'session', code: 'NETWORK_WEBSOCKET_BLOCKED' }]);
    expect(ssm.calls).toContain('TerminateSession');
    expect(api.asked.some(({ path }) => path === '/sessions/ses_1/close')).toBe(true);
  });

  it('finds a gateway that the control plane has lost', async () => {
    ssm.refusal = 'TargetNotConnected';
    const gateway = { selector: {}, instanceId: 'i-0123456789abcdef0', state: 'lost' };
    api.on('GET /resources/prod-rds', { body: aResource({ gateway }) });
    const { items } = await doctor('prod-rds');
    expect(failed(items)).toContainEqual(expect.objectContaining({ id: 'gateway', code: 'GATEWAY_OFFLINE' }));
  });

  it('finds a local port that is taken, which is only a warning', async () => {
    api.on('GET /grants', { body: { items: [] } });
    const taken = await new Promise<boolean>((resolve) => {
      const server = createServer();
      servers.push(server);
      // Somebody else may have it already: then it is taken all the same.
      server.once('error', () => resolve(true));
      server.listen({ port: 15_432, host: '127.0.0.1' }, () => resolve(true));
    });
    expect(taken).toBe(true);
    const { code, items } = await doctor('prod-rds');
    expect(code).toBe(0);
    expect(items).toContainEqual(
      expect.objectContaining({ id: 'local port', state: 'warning', code: 'LOCAL_PORT_TAKEN' }),
    );
    expect(items.at(-1)).toMatchObject({ id: 'session', state: 'skipped' });
  });

  it('says what is known of a name that is not', async () => {
    api.refuse('GET /resources/prod-rsd', 404, 'RESOURCE_UNKNOWN', 'missing', 'There is none');
    const { code, items } = await doctor('prod-rsd');
    expect(code).toBe(6);
    expect(failed(items)[0]?.detail).toContain('did you mean prod-rds?');
  });
});

it('gives every failure a line that helps', async () => {
  api.clockOffsetMs = -3_600_000;
  const { out } = await person.types('doctor');
  expect(out).toMatch(/✗ clock .*\(LOCAL_CLOCK_WRONG\)\n +Set the clock right/u);
});

it.each([
  ['3.3.987.0', undefined],
  ['3.1.1374.0', undefined],
  ['3.1.1260.0', 'GATEWAY_AGENT_OLD'],
  ['2.3.722.0', 'GATEWAY_AGENT_OLD'],
  ['', undefined],
])('judges the agent %j: %s', (version, code) => {
  const judge = () => agentAge(version);
  if (code === undefined) expect(judge()).toContain('agent');
  else expect(judge).toThrow(expect.objectContaining({ code }) as Error);
});

it('goes on to tell what it found when grants cannot be asked for', async () => {
  api.refuse('GET /grants', 503, 'DATABASE_UNAVAILABLE', 'unavailable', 'The database does not answer.');
  const { code, items } = await doctor('prod-rds');
  expect(code).toBe(10);
  expect(items.find(({ id }) => id === 'session')).toMatchObject({ state: 'failed' });
  expect(items.length).toBeGreaterThan(4);
});

describe('a shell', () => {
  const shell = { runAs: 'ops', login: true, commands: { which: 'any', listed: [] }, logs: null };
  const place = { host: null, port: null, kind: 'shell', database: null };

  it.each([
    [{ clientRecording: true }, 'not tried: whatever it shows has to be recorded for the auditors'],
    [
      { login: false, clientRecording: false, commands: { which: 'any', listed: [] } },
      'not tried: it would run one of the commands',
    ],
  ])(
    'is said to be what it is, has no local port, and is not tried where that would do something: %j',
    async (over, detail) => {
      api.on('GET /resources/prod-rds', { body: aResource({ ...place, shell: { ...shell, ...over } }) });
      api.on('GET /resources/prod-rds/log-destination', {
        body: { logs: null, state: 'none', detail: null },
      });
      api.on('GET /grants', { body: { items: [aGrant()] } });
      const { code, items } = await doctor('prod-rds');
      expect(code).toBe(0);
      expect(items.find(({ id }) => id === 'prod-rds')?.detail).toMatch(
        /^shell: i-0123456789abcdef0 as ops: /u,
      );
      expect(items.find(({ id }) => id === 'local port')).toBeUndefined();
      expect(items.find(({ id }) => id === 'session')).toEqual({ id: 'session', state: 'skipped', detail });
    },
  );
});

describe('an open network', () => {
  const network = {
    ...{ way: 'agent', device: null, mtu: null, cidrs: ['10.0.0.0/16'], excluded: [], drops: {} },
    ...{ flows: 1, packets: 0, proxy: null, names: ['*.internal'] },
  };

  it.each([
    [
      { via: 'port', dns: 'none', proxy: 'socks5h://127.0.0.1:1080' },
      'names: *.internal (they go to the far side with the SOCKS request, socks5h)',
    ],
    // Behind the one listener of several resources.
    [
      { via: 'port', dns: 'none' },
      'names: *.internal (they go to the far side with the SOCKS request, socks5h)',
    ],
    [{ via: 'tun', device: 'sally0', dns: 'resolved' }, 'names: *.internal (systemd-resolved)'],
    [{ via: 'tun', device: 'sally0', dns: 'hosts' }, 'names: *.internal (/etc/hosts)'],
    [{ via: 'tun', dns: 'none' }, 'names: *.internal (no way that this system has; ask the responder)'],
    [{ via: 'tun', device: 'sally0', dns: 'resolved', names: [] }, 'names: none'],
  ])('is told with how its names are found: %j', async (over, line) => {
    const open = await announcedTunnel(person.world(), {
      name: 'prod-vpc',
      network: { ...network, ...over },
    });
    try {
      const { items } = await doctor();
      expect(items.find(({ id }) => id === 'network prod-vpc')?.lines).toContain(line);
    } finally {
      await open.close();
    }
  });
});

describe('the log of a shell (e5)', () => {
  const logs = { to: 'cloudWatch', place: '/jit/shell', prefix: null };
  const { id, name } = aResource();
  const shell = { runAs: 'ops', login: true, commands: { which: 'any', listed: [] }, logs };
  const shellLog = async (answer: object) => {
    api.on('GET /resources/prod-rds', { body: aResource({ shell }) });
    api.on('GET /resources/prod-rds/log-destination', {
      body: { resource: { id, name, kind: 'shell' }, logs, ...answer },
    });
    const { code, items } = await doctor('prod-rds');
    return { code, found: items.find((item) => item.id === 'shell log') };
  };

  it('is said to work where the group is there and encrypted', async () => {
    expect(await shellLog({ state: 'ready' })).toMatchObject({
      ...{ code: 0, found: { state: 'passed', detail: 'log group /jit/shell is there, encrypted' } },
    });
    expect((await shellLog({ state: 'none', logs: null })).found).toMatchObject({
      ...{ state: 'passed', detail: 'nothing is logged' },
    });
  });

  it.each([
    ['missing', 'SESSION_LOG_MISSING', 'There is no log group /jit/shell.'],
    ['unencrypted', 'SESSION_LOG_UNENCRYPTED', 'No KMS key encrypts log group /jit/shell.'],
  ])('says what is wrong where it is %s', async (state, code, detail) => {
    expect(await shellLog({ state })).toMatchObject({
      code: 10,
      found: { state: 'failed', code, detail, advice: expect.stringContaining('administrator') as string },
    });
  });

  const s3 = { to: 's3', place: 'jit-logs', prefix: 'web/' };

  it('is said to work where the bucket is there and encrypted', async () => {
    expect(await shellLog({ state: 'ready', logs: s3 })).toMatchObject({
      ...{ code: 0, found: { state: 'passed', detail: 'bucket jit-logs is there, encrypted' } },
    });
  });

  it.each([
    ['missing', 'SESSION_LOG_MISSING', 'There is no bucket jit-logs.'],
    ['unencrypted', 'SESSION_LOG_UNENCRYPTED', 'No KMS key encrypts bucket jit-logs.'],
  ])('says what is wrong where the bucket is %s', async (state, code, detail) => {
    expect(await shellLog({ state, logs: s3 })).toMatchObject({
      code: 10,
      found: { state: 'failed', code, detail, advice: expect.stringContaining('administrator') as string },
    });
  });

  it('is not said to work where nobody looked, or where this version knows no such answer', async () => {
    expect((await shellLog({ state: 'notChecked', logs: s3 })).found).toMatchObject({
      ...{ state: 'skipped', detail: 'bucket jit-logs is not looked at: only the instance may see it' },
    });
    const detail = 's3:GetEncryptionConfiguration is not allowed';
    expect((await shellLog({ state: 'notChecked', logs: s3, detail })).found).toMatchObject({
      ...{ state: 'skipped', detail: `bucket jit-logs is not looked at: ${detail}` },
    });
    expect((await shellLog({ state: 'frozen', logs: s3 })).found).toMatchObject({
      ...{
        state: 'skipped',
        detail: 'bucket jit-logs is frozen, which this version of tunnel does not know',
      },
    });
    api.refuse('GET /resources/prod-rds/log-destination', 503, 'AWS_DENIED', 'unavailable', 'AWS said no');
    api.on('GET /resources/prod-rds', { body: aResource({ shell }) });
    const { code, items } = await doctor('prod-rds');
    expect(items.find((item) => item.id === 'shell log')).toMatchObject({
      state: 'warning',
      code: 'AWS_DENIED',
    });
    expect(code).toBe(0);
  });
});
