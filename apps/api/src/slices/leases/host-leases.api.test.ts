import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documentsOf } from '@sallyport/catalog';
import { Problem } from '@sallyport/problems';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { readCatalogFile } from '../../platform/aws/read-catalog-file.ts';
import { sha256Hex } from '../../platform/aws/sha256.ts';
import { aTestApi, type TestApi } from '../../testing/api.ts';
import { gatewayTags, TestPrincipals } from '../../testing/principals.ts';

const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/5a1e7b0c-2d3f-4a5b-8c6d-7e8f90a1b2c3';
const auditorsKey = 'age1pccyd64ywgy0e9f5fmn29d5krlrgq9ejtg9m4hv3y0359t06xvzq68tz9c';
const host = { environment: 'production', team: 'web', gateway: 'web-1', connectable: true };
const described = {
  title: 'A host',
  description: 'A host.',
  recording: { recorded: false, statement: 'No.' },
};

/** Beside the committed catalogue: commands alone, an open shell, a host with its own keys, and one outside EC2. */
const more = [
  {
    ...{ name: 'web-1-tasks', kind: 'shell', ...host, ...described, runAs: 'web-tasks', login: false },
    commands: [
      { name: 'restart', run: 'systemctl restart web' },
      { name: 'status', run: 'systemctl status web' },
    ],
    ...{
      encryption: 'none',
      logs: { s3: { bucket: 'jit-logs', prefix: 'web/' } },
      clientRecording: 'required',
      recording: { recorded: true, where: 'S3 bucket jit-logs', statement: 'What is shown.' },
    },
  },
  {
    ...{ name: 'web-1-open', kind: 'shell', ...host, ...described, runAs: 'web-ops' },
    ...{ encryption: 'none', logs: 'none' },
  },
  {
    ...{ name: 'web-1-keys', kind: 'ssh', ...host, ...described, user: 'deploy', port: 2222 },
    ...{ instanceConnect: false, hostKeys: [`ssh-ed25519 ${'A'.repeat(68)}`] },
  },
  {
    ...{ name: 'web-1-later', kind: 'shell', ...host, ...described, runAs: 'web-ops', connectable: false },
    ...{ encryption: 'none', logs: 'none', reason: 'The host is not there yet.' },
  },
  { ...{ name: 'rack-1', kind: 'ssh', ...host, ...described, user: 'rack', gateway: 'rack' } },
];
const rack = {
  ...{ name: 'rack', account: 'workloads', region: 'eu-west-1', nodes: 'hybrid' },
  selector: { ...gatewayTags, 'jit-team': 'web', 'jit-host': 'rack-1' },
};
const policy = (name: string, given: object) => ({
  ...{ name, requesters: ['engineers'], approval: 'automatic', reviewers: ['production-owners'] },
  ...{ duration: { longest: '8h', default: '1h' }, reason: { required: false, example: 'x' } },
  ...{ answerWithin: '1h', resources: { kinds: ['ssh', 'shell', 'database'] } },
  ...given,
});

let api: TestApi;
let principals: TestPrincipals;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-hosts-'));
  const committed = await readFile('config/catalog.yaml', 'utf8');
  const written = (list: string, entries: object[]) =>
    `${list}:\n${entries.map((entry) => `  - ${JSON.stringify(entry)}\n`).join('')}`;
  const catalog = committed
    .replace('gateways:\n', written('gateways', [rack]))
    .replace('resources:\n', written('resources', more));
  const [catalogFile, policiesFile] = [join(folder, 'catalog.yaml'), join(folder, 'policies.yaml')];
  await writeFile(catalogFile, catalog);
  const policies = [
    policy('kept', {
      resources: { names: ['web-1-open', 'prod-rds'] },
      sessions: { encryption: 'required', clientRecording: 'required' },
    }),
    policy('recorded', { resources: { names: ['web-1-shell'] }, sessions: { clientRecording: 'required' } }),
    policy('others', {
      resources: { names: ['web-1', 'web-1-tasks', 'web-1-keys', 'rack-1', 'web-1-later'] },
    }),
  ];
  await writeFile(policiesFile, JSON.stringify({ version: 1, policies }));
  principals = new TestPrincipals();
  const configuration = { ...(await principals.start()), catalogFile, policiesFile };
  for (const { name, sha256 } of documentsOf(readCatalogFile(catalogFile), sha256Hex))
    principals.documents.set(name, { sha256, active: true });
  const tags = { ...gatewayTags, 'jit-team': 'web', 'jit-host': 'web-1', Name: 'web-1' };
  principals.instances = [
    { instanceId: 'i-0aaaaaaaaaaaaaaaa', tags, state: 'online', zone: 'eu-west-1a' },
    { instanceId: 'mi-0aaaaaaaaaaaaaaaa', tags: { ...rack.selector }, state: 'online' },
  ];
  api = await aTestApi({ configuration });
});
afterAll(async () => {
  await api?.stop();
  await principals?.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  principals.orders.length = 0;
  api.effects.time.advance(61_000);
});

const engineer = () => api.as('engineer');
async function grantOf(name: string): Promise<string> {
  const { items } = await engineer().submitAccessRequest({
    resources: [name],
    durationSeconds: 600,
    reason: '',
  });
  return items[0]?.grantId ?? '';
}

describe('a lease for a shell', () => {
  it('carries the user as a tag and the key in its policy, and says how the session is kept', async () => {
    const lease = await engineer().issueLease(await grantOf('web-1-shell'));
    expect(lease).toMatchObject({
      ...{ purpose: 'shell', way: 'shell', ssh: null, instanceId: 'i-0aaaaaaaaaaaaaaaa' },
      documentName: expect.stringMatching(/^jit-shell-[0-9a-f]{8}$/) as string,
      session: {
        ...{ type: 'Standard_Stream', encrypted: true, keyArn, runAs: 'web-ops', writesCommand: false },
        // The policy demands it, not the resource.
        clientRecording: { required: true, recipients: [auditorsKey] },
      },
    });
    expect(principals.orders).toMatchObject([{ runAs: 'web-ops', keyArn, osUser: null, team: 'web' }]);
  });

  it('is shown beforehand as it will be, with the documents of what else the resource is for', async () => {
    const shown = await engineer().readSessionPolicy('web-1-shell');
    expect(shown).toMatchObject({
      instanceId: 'i-0aaaaaaaaaaaaaaaa',
      document: { name: shown.documents[0]?.name },
    });
    expect(shown.documents.map(({ purpose }) => purpose)).toEqual(['shell', 'command', 'interactive']);
    const text = JSON.stringify(shown.sessionPolicy);
    for (const part of ['i-0aaaaaaaaaaaaaaaa', shown.document.name, keyArn, '${grant id}', '${lease end'])
      expect(text).toContain(part);
    const tasks = await engineer().readSessionPolicy('web-1-tasks');
    expect(tasks.documents.map(({ command }) => command)).toContain('restart');
  });

  it('says whether its log could be kept, to whoever may see the resource (e5)', async () => {
    const read = async (name: string) => (await engineer().readLogDestination(name)).state;
    expect(await engineer().readLogDestination('web-1-shell')).toMatchObject({
      ...{ resource: { name: 'web-1-shell' }, state: 'ready' },
      logs: { to: 'cloudWatch', place: '/jit/shell', prefix: null },
    });
    expect([await read('web-1-tasks'), await read('web-1-open'), await read('web-1-keys')]).toEqual([
      'ready',
      'none',
      'none',
    ]);
    for (const [answer, state, detail] of [
      [null, 'missing', null],
      [{ encrypted: false, refusal: null }, 'unencrypted', null],
      [{ encrypted: null, refusal: 'AccessDenied' }, 'notChecked', 'S3 answered AccessDenied'],
    ] as const) {
      principals.bucket = () => Promise.resolve(answer);
      api.effects.time.advance(10_000);
      const seen = await engineer().readLogDestination('web-1-tasks');
      expect(seen).toMatchObject({ state, logs: { to: 's3' } });
      expect(seen.detail).toEqual(detail && expect.stringContaining(detail));
    }
    for (const [answer, state] of [
      [null, 'missing'],
      [{ encrypted: false }, 'unencrypted'],
    ] as const) {
      principals.logGroup = () => Promise.resolve(answer);
      // What was seen is believed for ten seconds.
      api.effects.time.advance(10_000);
      expect(await read('web-1-shell')).toBe(state);
    }
    principals.logGroup = () => Promise.reject(new Problem('AWS_DENIED'));
    expect(await read('web-1-shell')).toBe('unencrypted');
    api.effects.time.advance(10_000);
    await expect(read('web-1-shell')).rejects.toMatchObject({ code: 'AWS_DENIED' });
    principals.logGroup = () => Promise.resolve({ encrypted: true });
    expect(await read('web-1-shell')).toBe('ready');
    await expect(api.as('outsider').readLogDestination('web-1-shell')).rejects.toMatchObject({
      ...{ code: 'RESOURCE_UNKNOWN', status: 404 },
    });
  });

  it('is not shown of what cannot be connected to', async () => {
    await expect(engineer().readSessionPolicy('web-1-later')).rejects.toMatchObject({
      ...{ code: 'RESOURCE_NOT_CONNECTABLE', status: 403 },
    });
    expect((await engineer().readResource('web-1-later')).documents).toEqual([]);
  });

  it('is another for a command, in a terminal or without one, and the audit log says which', async () => {
    const grantId = await grantOf('web-1-shell');
    const command = await engineer().issueLease(grantId, { purpose: 'command' });
    const interactive = await engineer().issueLease(grantId, { purpose: 'interactive' });
    expect([command.session?.type, interactive.session?.type]).toEqual([
      'NonInteractiveCommands',
      'InteractiveCommands',
    ]);
    expect(command.session?.writesCommand).toBe(true);
    expect([command.documentName, interactive.documentName]).toEqual([
      expect.stringMatching(/^jit-command-/),
      expect.stringMatching(/^jit-interactive-/),
    ]);
    const where = { grantId, type: 'lease.intended' };
    const events = await api.app
      .get(PrismaClient)
      .auditEvent.findMany({ where, orderBy: { position: 'asc' } });
    const kept = { osUser: 'web-ops', keyArn, logs: 'cloudwatch:/jit/shell', clientRecording: true };
    expect(events.map(({ details }) => (details as { use: object }).use)).toEqual([
      { purpose: 'command', command: null, ...kept },
      { purpose: 'interactive', command: null, ...kept },
    ]);
  });

  it('runs the commands of the list by name and nothing else', async () => {
    const grantId = await grantOf('web-1-tasks');
    const first = await engineer().issueLease(grantId);
    const named = await engineer().issueLease(grantId, { purpose: 'command', command: 'restart' });
    const other = await engineer().issueLease(grantId, { purpose: 'command', command: 'status' });
    expect(first.documentName).toBe(named.documentName);
    expect(other.documentName).not.toBe(named.documentName);
    expect(named.session).toMatchObject({ writesCommand: false, encrypted: false, keyArn: null });
    expect(named.session?.clientRecording).toEqual({ required: true, recipients: [auditorsKey] });
    for (const asked of [
      { purpose: 'shell' },
      { purpose: 'command' },
      { purpose: 'command', command: 'halt' },
    ] as const)
      await expect(engineer().issueLease(grantId, asked)).rejects.toMatchObject({
        code: 'LEASE_PURPOSE_NOT_GRANTED',
        status: 403,
      });
  });

  it('is refused as a port where sessions must be encrypted, with that reason (scenario e4)', async () => {
    const grantId = await grantOf('web-1-shell');
    for (const purpose of ['port', 'ssh'] as const)
      await expect(engineer().issueLease(grantId, { purpose })).rejects.toMatchObject({
        code: 'LEASE_ENCRYPTION_DEMANDED',
        status: 403,
      });
    expect(principals.orders).toEqual([]);
  });

  it('is refused for a purpose that nobody knows', async () => {
    const asked = engineer().issueLease(await grantOf('web-1-shell'), { purpose: 'root' as 'shell' });
    await expect(asked).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('a lease for SSH', () => {
  it('lets its holder push a key for the user of the host, in the zone of the instance', async () => {
    const lease = await engineer().issueLease(await grantOf('web-1'));
    expect(lease).toMatchObject({
      ...{ purpose: 'ssh', way: 'ssh', documentName: 'jit-ssh-22', session: null },
      ssh: {
        user: 'web-ops',
        port: 22,
        zone: 'eu-west-1a',
        instanceId: lease.instanceId,
        instanceConnect: true,
      },
    });
    expect(principals.orders).toMatchObject([{ osUser: 'web-ops', runAs: null, keyArn: null }]);
  });

  it.each([
    ['a host with keys of its own', 'web-1-keys', 'i-0aaaaaaaaaaaaaaaa', 2222, 1],
    ['a node outside EC2 (scenario b4)', 'rack-1', 'mi-0aaaaaaaaaaaaaaaa', 22, 0],
  ])('lets no key be pushed to %s', async (_, name, instanceId, port, keys) => {
    const lease = await engineer().issueLease(await grantOf(name));
    expect(lease).toMatchObject({
      instanceId,
      documentName: `jit-ssh-${port}`,
      ssh: { port, instanceConnect: false },
    });
    expect(lease.ssh?.hostKeys).toHaveLength(keys);
    expect(principals.orders).toMatchObject([{ osUser: null, instanceId }]);
  });

  it('is refused for a shell and for a port', async () => {
    const grantId = await grantOf('web-1');
    for (const purpose of ['shell', 'command', 'port'] as const)
      await expect(engineer().issueLease(grantId, { purpose })).rejects.toMatchObject({
        code: 'LEASE_PURPOSE_NOT_GRANTED',
      });
  });
});

it('a policy that demands encryption or recording gives nothing that cannot be kept so', async () => {
  const refusal = { code: 'REQUEST_ENCRYPTION_DEMANDED', status: 403 };
  await expect(grantOf('prod-rds')).rejects.toMatchObject(refusal);
  await expect(grantOf('web-1-open')).rejects.toMatchObject(refusal);
});

it('a grant tells its holder the command that uses it, and a session what it is', async () => {
  const lines = await Promise.all(
    ['web-1', 'web-1-shell', 'web-1-tasks'].map(async (name) => {
      const { connectLine } = await engineer().readGrant(await grantOf(name).catch(() => grantHeld(name)));
      return connectLine;
    }),
  );
  expect(lines).toEqual([
    'tunnel ssh web-1',
    'tunnel shell web-1-shell',
    'tunnel exec web-1-tasks -- restart',
  ]);
  const grantId = await grantHeld('web-1-shell');
  const lease = await engineer().issueLease(grantId, { purpose: 'interactive' });
  const session = await engineer().openSession({ grantId, leaseId: lease.id, clientVersion: '1' });
  expect(session.purpose).toBe('interactive');
});

async function grantHeld(name: string): Promise<string> {
  const { items } = await engineer().listGrants({ view: 'mine', state: 'active' });
  return items.find(({ resource }) => resource.name === name)?.id ?? '';
}
