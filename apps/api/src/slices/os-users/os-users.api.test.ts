import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aTestApi, type TestApi } from '../../testing/api.ts';
import { testAccount, type AccountName } from '../../testing/accounts.ts';
import { EmulatedHost } from '../../testing/emulated-host.ts';
import { gatewayTags, TestPrincipals } from '../../testing/principals.ts';

const instanceId = 'i-0aaaaaaaaaaaaaaaa';
const jobsId = 'i-0bbbbbbbbbbbbbbbb';
const synced = {
  ...{ name: 'synced', account: 'workloads', region: 'eu-west-1', nodes: 'hosts' },
  selector: { ...gatewayTags, 'jit-team': 'web', 'jit-host': 'jobs-1' },
  accounts: { group: 'contractors', sync: true },
};

let api: TestApi;
let principals: TestPrincipals;
let folder: string;
let host: EmulatedHost;
let jobs: EmulatedHost;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-os-users-'));
  const committed = await readFile('config/catalog.yaml', 'utf8');
  const catalogFile = join(folder, 'catalog.yaml');
  await writeFile(
    catalogFile,
    committed.replace('gateways:\n', `gateways:\n  - ${JSON.stringify(synced)}\n`),
  );
  principals = new TestPrincipals();
  const configuration = { ...(await principals.start()), catalogFile };
  const tags = { ...gatewayTags, 'jit-team': 'web', 'jit-host': 'web-1', Name: 'web-1' };
  principals.instances = [
    { instanceId, tags, state: 'online' },
    { instanceId: jobsId, tags: { ...tags, 'jit-host': 'jobs-1' }, state: 'online' },
  ];
  host = new EmulatedHost();
  jobs = new EmulatedHost();
  api = await aTestApi({ configuration });
});
afterAll(async () => {
  await api?.stop();
  await principals?.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  principals.host = (order) => (order.instanceId === jobsId ? jobs : host).answer(order);
});

/** What tests read of answers. */
interface Body {
  readonly digest: string;
  readonly state: string;
  readonly hosts: readonly { readonly changes: unknown; readonly ownerlessKeys: unknown }[];
  readonly items: readonly { readonly name: string; readonly sentence: string }[];
}

async function call(as: AccountName, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${api.url}/api${path}`, {
    method,
    headers: { authorization: `Bearer ${testAccount(as).token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Body };
}
const plan = async (gateway = 'web-1') =>
  (await call('admin', 'POST', `/gateways/${gateway}/accounts/plan`)).body;
const apply = (digest: string) => call('admin', 'POST', '/gateways/web-1/accounts/apply', { plan: digest });
const member = (method: 'PUT' | 'DELETE', name: AccountName, group = 'web-operators') =>
  call('admin', method, `/groups/${group}/members/${name}@example.com`);
const events = async (type: string) =>
  (await call('auditor', 'GET', `/audit-events?type=${type}`)).body.items;

describe('accounts of a gateway', () => {
  it('are listed for administrators, as is work that was given up', async () => {
    expect(await api.as('admin').listAccountsGateways()).toEqual({
      items: [
        { gateway: 'synced', group: 'contractors', sync: true },
        { gateway: 'web-1', group: 'web-operators', sync: false },
      ],
    });
    expect(await api.as('admin').listGivenUpWork()).toEqual({ items: [] });
    for (const who of ['engineer', 'auditor'] as const) {
      await expect(api.as(who).listAccountsGateways()).rejects.toMatchObject({ code: 'ROLE_MISSING' });
      await expect(api.as(who).listGivenUpWork()).rejects.toMatchObject({ code: 'ROLE_MISSING' });
    }
    expect(await (await fetch(`${api.url}/api/metrics`)).text()).toContain('sallyport_work_given_up');
  });

  it('are planned and applied: joining makes one, leaving locks it, coming back opens it', async () => {
    expect(await plan()).toMatchObject({ group: 'web-operators', changes: 0 });
    expect(await member('PUT', 'engineer')).toMatchObject({
      status: 200,
      body: { groups: ['engineers', 'web-operators'] },
    });
    const joined = await plan();
    expect(joined.hosts).toMatchObject([
      { instanceId, instanceName: 'web-1', changes: [{ kind: 'create', account: 'engineer', uid: 20_000 }] },
    ]);
    expect(await apply(joined.digest)).toMatchObject({
      status: 200,
      body: {
        hosts: [
          { state: 'applied', done: [expect.stringContaining('create:engineer:20000:/bin/sh:-:prs_')] },
        ],
      },
    });
    expect(host.accounts.get('engineer')?.state).toBe('open');
    await member('DELETE', 'engineer');
    const left = await plan();
    expect(left.hosts[0]?.changes).toMatchObject([{ kind: 'lock', account: 'engineer' }]);
    expect((await apply(left.digest)).status).toBe(200);
    expect(host.accounts.get('engineer')?.state).toBe('locked');
    await member('PUT', 'engineer');
    const back = await plan();
    expect(back.hosts[0]?.changes).toMatchObject([{ kind: 'unlock', account: 'engineer' }]);
    expect((await apply(back.digest)).status).toBe(200);
    const told = ['os_account.created', 'os_account.locked', 'os_account.unlocked', 'os_users.applied'];
    expect(await Promise.all(told.map(async (type) => (await events(type)).length))).toEqual([1, 1, 1, 3]);
    expect((await events('group.joined')).map(({ sentence }) => sentence)[0]).toBe(
      'admin@example.com put engineer@example.com into the group web-operators',
    );
  });

  it('are not changed by a plan that was shown for something else', async () => {
    const shown = await plan();
    await member('PUT', 'approver');
    expect(await apply(shown.digest)).toMatchObject({ status: 409, body: { code: 'OS_USERS_PLAN_CHANGED' } });
    const again = await plan();
    // The host changes between the look and the deed: it refuses by itself.
    principals.host = (order) => {
      if (order.action === 'apply')
        host.accounts.set('eve', { uid: 20_009, personId: `prs_${'0'.repeat(26)}`, state: 'locked' });
      return host.answer(order);
    };
    expect(await apply(again.digest)).toMatchObject({ status: 409, body: { code: 'OS_USERS_PLAN_CHANGED' } });
    expect(host.accounts.has('approver')).toBe(false);
    host.accounts.delete('eve');
    await member('DELETE', 'approver');
  });

  it('list files of keys that nobody answers for, and say which hosts could not be asked', async () => {
    host.meanwhile = ['keys deploy 2 /home/deploy/.ssh/authorized_keys'];
    expect((await plan()).hosts[0]?.ownerlessKeys).toEqual([
      {
        path: '/home/deploy/.ssh/authorized_keys',
        account: 'deploy',
        keys: 2,
        why: 'the account is that of no person',
      },
    ]);
    host.meanwhile = [];
    principals.host = () => Promise.resolve({ code: 69, output: 'sallyport-error tool-useradd\n' });
    expect(await plan()).toMatchObject({
      hosts: [],
      unreached: [{ instanceId, code: 'OS_USERS_HOST_UNREADY' }],
    });
  });

  it('follow the group by themselves where the gateway syncs', async () => {
    await member('PUT', 'auditor', 'contractors');
    await expect.poll(() => jobs.accounts.get('auditor')?.state, { timeout: 20_000 }).toBe('open');
    await member('DELETE', 'auditor', 'contractors');
    await expect.poll(() => jobs.accounts.get('auditor')?.state, { timeout: 20_000 }).toBe('locked');
  });

  it.each([
    ['engineer', '/gateways/web-1/accounts/plan', 403, 'ROLE_MISSING'],
    ['auditor', '/gateways/web-1/accounts/plan', 403, 'ROLE_MISSING'],
    ['admin', '/gateways/bastion/accounts/plan', 403, 'OS_USERS_NOT_MANAGED'],
    ['admin', '/gateways/nowhere/accounts/plan', 404, 'GATEWAY_UNKNOWN'],
  ] as const)('are not for %s at %s', async (as, path, status, code) => {
    expect(await call(as, 'POST', path)).toMatchObject({ status, body: { code } });
  });
});

describe('groups', () => {
  it('are changed by administrators alone, for people who are known, and never by oneself', async () => {
    expect(await call('engineer', 'PUT', '/groups/x/members/engineer@example.com')).toMatchObject({
      status: 403,
    });
    expect(await member('PUT', 'admin')).toMatchObject({ status: 403, body: { code: 'GROUP_OF_ONESELF' } });
    expect(await call('admin', 'PUT', '/groups/x/members/nobody@example.com')).toMatchObject({
      status: 404,
      body: { code: 'PERSON_UNKNOWN' },
    });
    for (const name of ["x';id", 'Root', '-x', 'a%0Ab'])
      expect(await call('admin', 'PUT', `/groups/${name}/members/engineer@example.com`)).toMatchObject({
        body: { code: 'INPUT_INVALID' },
      });
    const { items } = (await call('auditor', 'GET', '/groups')).body;
    expect(items.map(({ name }) => name)).toContain('engineers');
  });

  it('end the grants that no policy gives any more, and leave the others', async () => {
    const asked = await call('engineer', 'POST', '/access-requests', {
      ...{ resources: ['staging-rds'], durationSeconds: 600, reason: 'try it' },
    });
    expect(asked.body.state).toBe('approved');
    const active = async () => (await call('engineer', 'GET', '/grants?state=active')).body.items.length;
    expect(await active()).toBe(1);
    await member('DELETE', 'engineer');
    expect(await active()).toBe(1);
    await member('DELETE', 'engineer', 'engineers');
    await expect.poll(active, { timeout: 20_000 }).toBe(0);
    const [ended] = await events('grant.ended');
    expect(ended?.sentence).toContain('engineer@example.com left the group engineers');
  });
});
