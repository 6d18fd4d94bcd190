import { beforeEach, describe, expect, it, vi } from 'vitest';
import { aGrant, type ApiDouble, aRequest, aResource, aReview } from '../test/api-double.ts';
import type { UsedResource } from '@sallyport/api-client';
import { eachTestHas } from '../test/desk.ts';
import { grantEnded } from './stories/tunnel-end.ts';
import type { Person } from '../test/world-double.ts';

let api: ApiDouble;
let person: Person;
let signedIn: () => Promise<void>;
eachTestHas((desk) => ({ api, person, signedIn } = desk));

const noPlace = { host: null, port: null, database: null };
const access = {
  ...{ runAs: 'web-ops', login: true, encrypted: false, keyArn: null, clientRecording: false, logs: null },
  commands: { which: 'any', listed: [] },
};
const gateway = { instanceId: 'i-0123456789abcdef0', instanceName: 'web-1', state: 'online', selector: {} };
const hosts = {
  'web-1': aResource({
    ...{ ...noPlace, id: 'rsc_2', name: 'web-1', kind: 'ssh', protocol: 'ssh', gateway },
    ssh: { user: 'web-ops', port: 22, instanceConnect: true },
  }),
  'web-1-shell': aResource({
    ...{ ...noPlace, id: 'rsc_3', name: 'web-1-shell', kind: 'shell', protocol: null, gateway },
    shell: access,
  }),
  tasks: aResource({
    ...{ ...noPlace, id: 'rsc_4', name: 'tasks', kind: 'shell', protocol: null, gateway },
    shell: {
      ...access,
      login: false,
      commands: { which: 'listed', listed: [{ name: 'restart', run: 'systemctl restart web' }] },
    },
  }),
};
type Host = keyof typeof hosts;
const refOf = (name: Host) => {
  const { id, kind } = hosts[name] as unknown as { id: string; kind: string };
  return { id, name, kind };
};
const asks = (name: Host, over: object = {}) =>
  aRequest({ items: [{ id: 'itm_1', state: 'pending', resource: refOf(name), grantId: null }], ...over });

describe.each([
  ['web-1', 'tunnel ssh web-1'],
  ['web-1-shell', 'tunnel shell web-1-shell'],
  ['tasks', 'tunnel exec tasks -- restart'],
] as const)('whoever has %s is told to use it by %s', (name, line) => {
  beforeEach(async () => {
    await signedIn();
    api.on(`GET /resources/${name}`, { body: hosts[name] });
    api.on('GET /resources', { body: { items: Object.values(hosts) } });
    api.on('GET /access-requests', { body: { items: [] } });
    api.on('GET /grants', { body: { items: [] } });
    api.on('GET /sessions', { body: { items: [] } });
    api.on('POST /access-requests', { status: 201, body: asks(name) });
  });

  it('at the end of what show tells', async () => {
    const { out } = await person.types('show', name);
    expect(out.trimEnd().split('\n').at(-1)).toBe(line);
  });

  it('when a request was recorded, and when it was approved', async () => {
    const words = ['request', name, '--for', '30m', '--reason', 'INC-1'];
    expect((await person.types(...words, '--no-wait')).err).toContain(`Go on with: ${line}\n`);
    const approved = asks(name, { state: 'approved', reviews: [aReview('approve')] });
    api.on('POST /access-requests', { status: 201, body: approved });
    expect((await person.types(...words)).err).toContain(`Use it: ${line}\n`);
  });

  it('when the wait for an answer is left', async () => {
    const path = `/access-requests/${aRequest().id}`;
    api.on(`GET ${path}`, { body: asks(name) });
    const asking = person.types('request', name, '--for', '30m', '--reason', 'INC-1');
    await vi.waitFor(() => expect(api.asked.at(-1)?.path).toBe(path), { timeout: 30_000 });
    person.signal('SIGINT');
    expect((await asking).err).toContain(`${line}   (the request`);
  });

  it('when nothing of it is open, and when it is asked for', async () => {
    const port = '; at a port of its own: tunnel connect web-1';
    const told = (before: string, code: string) =>
      name === 'web-1' ? `${before}: ${line}${port} (${code})` : `${line} (RESOURCE_USED_OTHERWISE)`;
    expect((await person.types('url', name)).err).toContain(told('Open it', 'TUNNEL_UNKNOWN'));
    api.on('GET /access-requests', { body: { items: [asks(name)] } });
    expect((await person.types('url', name)).err).toContain(told('Go on with', 'REQUEST_WAITING'));
  });

  it('where they stand, with a grant and with a request', async () => {
    const grant = aGrant({ resource: refOf(name), connectLine: line });
    api.on('GET /grants', { body: { items: [grant] } });
    expect((await person.types('status')).out).toContain(`next: ${line}\n`);
    api.on('GET /grants', { body: { items: [] } });
    api.on('GET /access-requests', { body: { items: [asks(name)] } });
    expect((await person.types('status')).out).toContain(`next: ${line}\n`);
  });

  it('by a command that is for something else', async () => {
    const other = name === 'web-1' ? ['exec', name, '--', 'uptime'] : ['ssh', name];
    const { code, err } = await person.types(...other);
    expect(code).toBe(5);
    expect(err).toContain(`${line} (RESOURCE_USED_OTHERWISE)`);
  });

  it('when its grant has ended', () => {
    const { kind, shell } = hosts[name] as unknown as UsedResource;
    const { message, document } = grantEnded(
      { name, kind, shell },
      { code: 'GRANT_ENDED', reason: 'expired', comment: null },
    );
    expect(message).toContain(`${name}: the grant ended`);
    expect(document.advice).toBe(`Ask again if you still need it: ${line}`);
  });
});

// An SSH host has a port, which programs of another kind may want.
it.each([
  ['web-1-shell', []],
  ['tasks', ['--background']],
] as const)('refuses to connect to %s %j before it is asked for', async (name, flags) => {
  await signedIn();
  api.on(`GET /resources/${name}`, { body: hosts[name] });
  const { code, err } = await person.types('connect', name, '--reason', 'INC-1', ...flags);
  expect(code).toBe(5);
  expect(err).toContain('(RESOURCE_USED_OTHERWISE)');
  expect(api.asked.some(({ method }) => method === 'POST')).toBe(false);
});

it('tells reviewers the host, whom one is there, what may be run and what is kept', async () => {
  await signedIn();
  const reach = { host: null, port: null, protocol: null };
  const item = (name: Host, over: object) => ({
    ...{ resource: refOf(name), title: name, reach, adds: 'Nothing else changes.', sessionPolicy: {} },
    ...{ gateway: { instanceId: 'i-0123456789abcdef0', selector: {} }, region: 'eu-west-1' },
    ...{ account: { id: '111122223333', name: 'spoke' }, document: { name: 'jit-x', sha256: '0' } },
    ...{ recording: { recorded: false, where: null, statement: 'Nothing is kept.' }, ...over },
  });
  const logs = { to: 's3', place: 'jit-logs', prefix: 'web' };
  const facts = {
    requester: { id: 'prs_1', name: 'Engineer', email: 'engineer@example.com', groups: ['web'] },
    history: { asked30d: 0, used30d: 0 },
    items: [
      item('web-1', { ssh: { user: 'web-ops', port: 2222, instanceConnect: true } }),
      item('web-1-shell', { shell: { ...access, encrypted: true, clientRecording: true, logs } }),
      item('tasks', {
        shell: {
          ...access,
          login: false,
          commands: { which: 'listed', listed: [{ name: 'restart', run: 'x' }] },
        },
      }),
    ],
  };
  api.on('GET /access-requests', { body: { items: [asks('web-1', { facts, mayReview: true })] } });
  api.on(`GET /access-requests/${aRequest().id}`, { body: asks('web-1', { facts, mayReview: true }) });
  const { out, err } = await person.types('approve', aRequest().id);
  expect(`${out}${err}`).not.toContain('null');
  expect(`${out}${err}`).toContain('what      web-1: i-0123456789abcdef0 as web-ops over SSH at port 2222');
  expect(`${out}${err}`).toContain(
    'what      web-1-shell: i-0123456789abcdef0 as web-ops: a shell, any command',
  );
  expect(`${out}${err}`).toContain('encrypted by KMS, logged to s3://jit-logs/web, recorded by the client');
  expect(`${out}${err}`).toContain('what      tasks: i-0123456789abcdef0 as web-ops: restart');
  expect(`${out}${err}`).toContain('not encrypted by KMS, not logged, not recorded by the client');
});

it('breaks facts that are wider than the terminal under their beginning, and no line that is to be copied', async () => {
  await signedIn();
  const recording = {
    recorded: true,
    where: 'here',
    statement: `Everything ${'that is shown '.repeat(6)}is kept.`,
  };
  const documents = [{ purpose: 'shell', command: null, name: `jit-shell-${'0'.repeat(40)}`, sha256: '0' }];
  const wide = {
    ...hosts['web-1-shell'],
    recording,
    documents,
    database: { name: 'shop', role: 'app_ro' },
    description: 'A shell.',
  };
  api.on('GET /resources/web-1-shell', { body: wide });
  person.terminal = true;
  person.env['NO_COLOR'] = '1';
  person.columns = 80;
  const lines = (await person.types('show', 'web-1-shell')).out.split('\n');
  const long = lines.filter(({ length }) => length > 80);
  expect(long).toEqual([expect.stringContaining('--document-name jit-shell-')]);
  const at = lines.findIndex((line) => line.startsWith('  recorded    Everything that is shown'));
  expect(lines[at + 1]).toMatch(/^ {14}\S/u);
  expect(lines).toContain('  what        A shell; database shop, role app_ro');
  person.terminal = false;
  expect((await person.types('show', 'web-1-shell')).out).toContain(recording.statement);
});

describe('what a host is reached as', () => {
  beforeEach(() => signedIn());

  it.each([
    ['web-1', 'web-1 (i-0123456789abcdef0) as web-ops over SSH'],
    ['web-1-shell', 'web-1 (i-0123456789abcdef0) as web-ops: a shell, any command'],
    ['tasks', 'web-1 (i-0123456789abcdef0) as web-ops: restart'],
  ] as const)('%s: %s', async (name, reached) => {
    api.on(`GET /resources/${name}`, { body: hosts[name] });
    api.on('GET /resources', { body: { items: [hosts[name]] } });
    expect((await person.types('show', name)).out).toContain(`reaches     ${reached}\n`);
    expect(JSON.parse((await person.types('show', name, '--json')).out)).toMatchObject({
      reaches: [reached],
    });
    expect((await person.types('ls')).out).toContain(`\t${reached}\t`);
    expect(JSON.parse((await person.types('ls', '--json')).out)).toMatchObject({
      items: [{ reaches: [reached] }],
    });
  });
});
