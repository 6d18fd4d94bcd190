/** The three principals against the sandbox: each does its work, and nothing else, whatever its process is asked. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeDocumentCommand,
  DescribeInstanceInformationCommand,
  DescribeSessionsCommand,
  SSMClient,
  StartSessionCommand,
  TerminateSessionCommand,
} from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { fromIni } from '@aws-sdk/credential-providers';
import { documentsOf } from '@sallyport/catalog';
import { systemEffects } from '@sallyport/effects/system';
import type { Problem } from '@sallyport/problems';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { principalNames, type PrincipalName } from '../src/platform/aws/client-settings.ts';
import { operationsOf } from '../src/platform/aws/process/operations.ts';
import {
  PrincipalSocket,
  RemoteGatewayInventory,
  RemoteLeaseIssuer,
} from '../src/platform/aws/process/remote-principal.ts';
import { readCatalogFile } from '../src/platform/aws/read-catalog-file.ts';
import type { GatewayInstance } from '../src/platform/aws/inventory/gateway-inventory.ts';
import type { SsmSession } from '../src/platform/aws/revoker/session-revoker.ts';
import type { IssuedLease, LeaseOrder } from '../src/platform/aws/issuer/lease-issuer.ts';
import { sha256Hex } from '../src/platform/aws/sha256.ts';
import { startSandbox, type RunningSandbox } from './sandbox.ts';

let sandbox: RunningSandbox;
const before = { ...process.env };
const catalog = readCatalogFile('config/catalog.yaml');
const effects = systemEffects();
const [account] = catalog.accounts;
const [gateway] = catalog.gateways;
const [document] = documentsOf(catalog, sha256Hex);
if (!account || !gateway || !document) throw new Error('the catalogue is empty');
const place = { accountId: account.id, region: 'eu-west-1' };
const grantId = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y';

beforeAll(async () => {
  sandbox = await startSandbox();
  Object.assign(process.env, sandbox.environment);
});
afterAll(async () => {
  process.env = before;
  await sandbox?.stop();
});

const operations = {
  issuer: operationsOf('issuer', catalog, effects),
  revoker: operationsOf('revoker', catalog, effects),
  inventory: operationsOf('inventory', catalog, effects),
  provisioner: operationsOf('provisioner', catalog, effects),
};

const ask = (principal: PrincipalName, operation: string, input: unknown) => {
  const run = operations[principal][operation];
  return run ? run(input) : Promise.reject(new Error(`${principal} has no ${operation}`));
};

async function openGateway(): Promise<GatewayInstance> {
  const found = (await ask('inventory', 'find', {
    ...place,
    selector: gateway?.selector,
  })) as GatewayInstance[];
  const online = found.find(({ state }) => state === 'online');
  if (!online) throw new Error('no gateway is online');
  return online;
}

async function anOrder(more: Partial<LeaseOrder> = {}): Promise<LeaseOrder> {
  const { instanceId, tags } = await openGateway();
  return {
    ...place,
    grantId,
    personId: 'prs_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
    instanceId,
    instanceTags: tags,
    databaseUser: null,
    osUser: null,
    runAs: null,
    keyArn: null,
    documentName: document?.name ?? '',
    team: gateway?.team ?? '',
    leaseEndsAt: effects.clock.now() + 119_000,
    ...more,
  };
}

it('together they do what the control plane needs', async () => {
  const order = await anOrder();
  const lease = (await ask('issuer', 'issue', order)) as IssuedLease;
  const person = new SSMClient({ region: place.region, credentials: { ...lease } });
  const started = await person.send(
    new StartSessionCommand({
      Target: order.instanceId,
      DocumentName: order.documentName,
      Reason: `grant:${grantId}`,
    }),
  );
  expect(started.SessionId).toMatch(new RegExp(`^jit-${grantId}-`));
  const search = { ...place, prefix: `jit-${grantId}-` };
  expect(await ask('revoker', 'list', search)).toMatchObject([
    { ssmSessionId: started.SessionId, instanceId: order.instanceId },
  ]);
  await ask('revoker', 'terminate', { ...place, ssmSessionId: started.SessionId });
  await ask('revoker', 'terminate', { ...place, ssmSessionId: started.SessionId });
  expect(await ask('revoker', 'list', search)).toEqual([]);
  expect(await ask('inventory', 'readDocument', { ...place, name: order.documentName })).toEqual({
    sha256: document?.sha256,
    active: true,
  });
  expect(await ask('inventory', 'readDocument', { ...place, name: 'jit-fwd-00000000' })).toBeNull();
});

it('what is revoked loses the credentials in hand at once, and nobody else does', async () => {
  const otherGrant = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Z';
  const thirdGrant = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X30';
  const order = await anOrder();
  const started = async (grant: string) => {
    const lease = (await ask('issuer', 'issue', { ...order, grantId: grant })) as IssuedLease;
    const client = new SSMClient({ region: place.region, credentials: { ...lease }, maxAttempts: 1 });
    return () =>
      client
        .send(new StartSessionCommand({ Target: order.instanceId, DocumentName: order.documentName }))
        .then(
          () => 'started',
          (error: Error) => error.name,
        );
  };
  const [revoked, other, third] = await Promise.all([grantId, otherGrant, thirdGrant].map(started));
  expect([await revoked?.(), await other?.(), await third?.()]).toEqual(['started', 'started', 'started']);
  const deny = (grant: string, denied = true) => ask('revoker', 'deny', { ...place, grantId: grant, denied });
  // Two at once: neither writes over the other.
  const [first, second] = await Promise.all([deny(grantId), deny(thirdGrant)]);
  expect(first).toEqual({ requestId: expect.stringMatching(/./) as string, grants: 1, widened: false });
  expect(second).toMatchObject({ grants: 2 });
  expect([await revoked?.(), await other?.(), await third?.()]).toEqual([
    'AccessDeniedException',
    'started',
    'AccessDeniedException',
  ]);
  // It stands there already.
  expect(await deny(grantId)).toEqual({ requestId: null, grants: 2, widened: false });
  expect(await deny(grantId, false)).toMatchObject({ grants: 1 });
  expect(await deny(thirdGrant, false)).toMatchObject({ grants: 0 });
  expect([await revoked?.(), await third?.()]).toEqual(['started', 'started']);
  for (const grant of [grantId, otherGrant, thirdGrant])
    for (const { ssmSessionId } of (await ask('revoker', 'list', {
      ...place,
      prefix: `jit-${grant}-`,
    })) as SsmSession[])
      await ask('revoker', 'terminate', { ...place, ssmSessionId });
});

it('each also runs as a process of its own, and its end is told apart from a lost answer', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-principal-'));
  const path = join(folder, 'inventory.sock');
  const main = fileURLToPath(new URL('../src/principal-main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=development', main, 'inventory', '--socket', path], {
    env: { ...process.env, SALLYPORT_LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  try {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    expect(JSON.parse(line)).toMatchObject({ event: 'ready', principal: 'inventory' });
    const socket = new PrincipalSocket(path, effects.timers);
    const inventory = new RemoteGatewayInventory(socket);
    const selector = gateway?.selector ?? {};
    expect((await inventory.find({ ...place, selector })).map(({ state }) => state)).toContain('online');
    await expect(new RemoteLeaseIssuer(socket).issue(await anOrder())).rejects.toMatchObject({
      code: 'AWS_TARGET_UNKNOWN',
    });
    child.kill('SIGTERM');
    expect(await gone).toEqual([0, null]);
    await expect(inventory.find({ ...place, selector })).rejects.toMatchObject({ code: 'AWS_UNAVAILABLE' });
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});

describe('the issuer issues nothing', () => {
  it.each<[string, Partial<LeaseOrder>, string]>([
    ['for longer than two minutes', { leaseEndsAt: Date.now() + 400_000 }, 'LEASE_SELF_CHECK_FAILED'],
    ['that has ended', { leaseEndsAt: Date.now() - 1 }, 'LEASE_SELF_CHECK_FAILED'],
    [
      'for a document that is not in the catalogue',
      { documentName: 'jit-fwd-00000000' },
      'AWS_TARGET_UNKNOWN',
    ],
    ['for a document of AWS', { documentName: 'AWS-StartSSHSession' }, 'AWS_TARGET_UNKNOWN'],
    ['for an account that is not in the catalogue', { accountId: '444455556666' }, 'AWS_TARGET_UNKNOWN'],
    [
      'to sign in to a database that the catalogue does not offer',
      { databaseUser: { rdsResourceId: 'db-ABCDEFGHIJKL', name: 'jit_readonly' } },
      'AWS_TARGET_UNKNOWN',
    ],
    ['for an instance that is none', { instanceId: '*' }, 'LEASE_SELF_CHECK_FAILED'],
    ['for an instance of another team', { instanceTags: { 'jit-team': 'other' } }, 'LEASE_SELF_CHECK_FAILED'],
  ])('%s', async (_, more, code) => {
    await expect(ask('issuer', 'issue', await anOrder(more))).rejects.toMatchObject({ code });
  });
});

it.each([30, -3_600])('the issuer issues nothing while clocks are %i s apart', async (seconds) => {
  const { issue } = operationsOf('issuer', catalog, effects);
  const order = await anOrder();
  await sandbox.offsetClock(seconds);
  try {
    await expect(issue?.(order)).rejects.toMatchObject({ code: 'AWS_CLOCK_DIFFERS' });
  } finally {
    await sandbox.offsetClock(0);
  }
  // Asked about anew, since clocks get mended.
  await expect(issue?.(order)).resolves.toHaveProperty('accessKeyId');
});

describe('the profile of', () => {
  const settings = (principal: PrincipalName) => ({
    region: place.region,
    credentials: fromIni({ profile: `sallyport-${principal}` }),
    maxAttempts: 1,
  });
  const calls: Record<string, (principal: PrincipalName) => Promise<unknown>> = {
    'describe instances': (p) => new EC2Client(settings(p)).send(new DescribeInstancesCommand({})),
    'describe agents': (p) => new SSMClient(settings(p)).send(new DescribeInstanceInformationCommand({})),
    'describe a document': (p) =>
      new SSMClient(settings(p)).send(new DescribeDocumentCommand({ Name: document?.name })),
    'describe sessions': (p) =>
      new SSMClient(settings(p)).send(new DescribeSessionsCommand({ State: 'Active' })),
    'end a session': (p) =>
      new SSMClient(settings(p)).send(
        new TerminateSessionCommand({ SessionId: `jit-${grantId}-0a1b2c3d4e5f60718` }),
      ),
    'start a session': (p) =>
      new SSMClient(settings(p)).send(
        new StartSessionCommand({ Target: 'i-0b5c1d2e3f4a50617', DocumentName: document?.name }),
      ),
    'start a shell': (p) =>
      new SSMClient(settings(p)).send(new StartSessionCommand({ Target: 'i-0b5c1d2e3f4a50617' })),
  };
  for (const role of ['connect', 'revoke', 'inventory', 'provision'] as const)
    calls[`take on ${account.roles[role]?.name}`] = (p) =>
      new STSClient(settings(p)).send(
        new AssumeRoleCommand({
          RoleArn: account.roles[role]?.arn,
          RoleSessionName: 'probe',
          ExternalId: account.externalId,
        }),
      );

  /** What a hub role reaches by itself: its counterpart in the spoke, and for the issuer not even that without a grant. */
  const allowed: Record<PrincipalName, string[]> = {
    issuer: [],
    revoker: [`take on ${account.roles.revoke.name}`],
    inventory: [`take on ${account.roles.inventory.name}`],
    provisioner: [`take on ${account.roles.provision?.name}`],
  };

  it.each(principalNames)('%s can do nothing else', async (principal) => {
    const answers = await Promise.all(
      Object.entries(calls).map(async ([what, call]) => {
        const refusal = await call(principal).then(
          () => undefined,
          (error: Problem | Error) => error.name,
        );
        return [what, refusal ?? 'allowed'] as const;
      }),
    );
    const open = answers.filter(([, answer]) => answer === 'allowed').map(([what]) => what);
    expect(open).toEqual(allowed[principal]);
    const closed = answers.filter(([, answer]) => answer !== 'allowed').map(([, answer]) => answer);
    for (const answer of closed)
      expect(answer).toMatch(/^(AccessDenied|AccessDeniedException|UnauthorizedOperation)$/);
  });
});
