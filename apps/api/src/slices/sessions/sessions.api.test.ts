import type { Grant, Lease, Session } from '@sallyport/api-client';
import { limits } from '@sallyport/access-domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { DueWork } from '../../platform/jobs/due-work.ts';
import { Outbox } from '../../platform/outbox/outbox.ts';
import { aTestApi, type TestApi } from '../../testing/api.ts';
import { TestPrincipals } from '../../testing/principals.ts';

let api: TestApi;
let principals: TestPrincipals;

beforeAll(async () => {
  principals = new TestPrincipals();
  api = await aTestApi({ configuration: await principals.start() });
});
afterAll(async () => {
  await api?.stop();
  await principals?.stop();
});

interface Use {
  readonly grant: Grant;
  readonly lease: Lease;
  readonly session: Session;
  readonly ssmSessionId: string;
}

let count = 0;

async function aUse(): Promise<Use> {
  const engineer = api.as('engineer');
  for (const { id } of (await engineer.listGrants({ view: 'mine', state: 'active' })).items)
    await engineer.returnGrant(id);
  await engineer.submitAccessRequest({ resources: ['staging-rds'], durationSeconds: 3_600, reason: 'test' });
  const [grant] = (await engineer.listGrants({ view: 'mine', state: 'active' })).items;
  if (!grant) throw new Error('no grant');
  const lease = await engineer.issueLease(grant.id);
  const session = await engineer.openSession({
    grantId: grant.id,
    leaseId: lease.id,
    clientVersion: '0.1.0',
  });
  const ssmSessionId = `jit-${grant.id}-${String(++count).padStart(17, '0')}`;
  principals.sessions.push({
    ssmSessionId,
    instanceId: lease.instanceId,
    startedAt: api.effects.clock.now(),
  });
  return { grant, lease, session, ssmSessionId };
}

const beat = ({ session, ssmSessionId }: Use, more: object = {}) =>
  api
    .as('engineer')
    .beatSession(session.id, { state: 'open', ssmSessionId, bytesUp: 1, bytesDown: 2, ...more });

const eventsOf = async (sessionId: string) => {
  const rows = await api.app.get(PrismaClient).auditEvent.findMany({
    where: { sessionId },
    orderBy: { position: 'asc' },
  });
  return rows.map(({ type }) => type);
};

async function workDone() {
  const [dueWork, outbox] = [api.app.get(DueWork), api.app.get(Outbox)];
  dueWork.wake();
  await dueWork.idle();
  outbox.wake();
  await outbox.idle();
}

it('opens, lives and closes, and each step is told of once', async () => {
  const use = await aUse();
  expect(use.session).toMatchObject({ state: 'opening', endsAt: use.grant.endsAt, bytesUp: 0 });
  await beat(use);
  await beat(use, { state: 'reconnecting' });
  await beat(use, { bytesUp: 10, bytesDown: 20 });
  const { session, close } = await beat(use, { bytesUp: 5, bytesDown: 30 });
  expect(session).toMatchObject({
    state: 'open',
    bytesUp: 10,
    bytesDown: 30,
    ssmSessionId: use.ssmSessionId,
  });
  expect(close).toBeNull();
  const engineer = api.as('engineer');
  const told = { reason: 'client_exit', bytesUp: 11, bytesDown: 31 } as const;
  await engineer.closeSession(use.session.id, told);
  expect(await engineer.closeSession(use.session.id, { ...told, reason: 'error' })).toMatchObject({
    state: 'closed',
    endReason: 'client_exit',
    bytesUp: 11,
  });
  expect(await eventsOf(use.session.id)).toEqual([
    'session.opened',
    'session.connected',
    'session.reconnecting',
    'session.connected',
    'session.closed',
  ]);
});

it('e5 of a database tunnel the audit has person, reason, approval, target, host, port, start, end, bytes and end reason', async () => {
  const use = await aUse();
  await beat(use);
  await api.as('engineer').closeSession(use.session.id, { reason: 'idle', bytesUp: 11, bytesDown: 31 });
  // What an auditor exports: the events of the grant, page by page, as JSON.
  const { items } = await api.as('auditor').listAuditEvents({ grant: use.grant.id, limit: 200 });
  const [opened] = items.filter(({ type }) => type === 'session.opened');
  const [closed] = items.filter(({ type }) => type === 'session.closed');
  expect(opened).toMatchObject({
    actor: { email: 'engineer@example.com' },
    resource: { name: 'staging-rds' },
    details: {
      instanceId: use.lease.instanceId,
      target: { host: 'staging-db.internal', port: 5432 },
    },
  });
  expect(closed?.details).toMatchObject({ reason: 'idle', bytesUp: 11, bytesDown: 31, seconds: 0 });
  expect(Date.parse(closed?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(opened?.at ?? ''));
  const asked = await api.as('auditor').listAuditEvents({ request: use.grant.requestId, limit: 200 });
  const [submitted] = asked.items.filter(({ type }) => type === 'request.submitted');
  const [approved] = asked.items.filter(({ type }) => type === 'request.approved');
  expect(submitted?.details).toMatchObject({ reason: 'test' });
  expect(approved?.details).toHaveProperty('automaticPolicies');
});

it('records why a connection was lost, also when a dead end was noticed and made good between two beats', async () => {
  const use = await aUse();
  await beat(use);
  await beat(use, { state: 'reconnecting', lost: 'session_ended' });
  await beat(use, { lost: 'session_ended' });
  await beat(use, { lost: 'agent_dead' });
  // What is resumed at once is no news to an auditor.
  await beat(use, { lost: 'service_close' });
  await expect(beat(use, { lost: 'whatever' as 'broken' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  const events = await api.app.get(PrismaClient).auditEvent.findMany({
    where: { sessionId: use.session.id, type: { in: ['session.reconnecting', 'session.connected'] } },
    orderBy: { position: 'asc' },
  });
  const { ssmSessionId } = use;
  expect(events.map(({ type, details }) => [type, details])).toEqual([
    ['session.connected', { ssmSessionId }],
    ['session.reconnecting', { reason: 'session_ended' }],
    ['session.connected', { ssmSessionId }],
    ['session.reconnecting', { reason: 'agent_dead' }],
    ['session.connected', { ssmSessionId }],
  ]);
});

it('is refused against a lease of another grant, or none', async () => {
  const first = await aUse();
  const second = await aUse();
  const engineer = api.as('engineer');
  for (const leaseId of [first.lease.id, 'lse_none'])
    await expect(
      engineer.openSession({ grantId: second.grant.id, leaseId, clientVersion: '1' }),
    ).rejects.toMatchObject({ code: 'LEASE_UNKNOWN' });
  await expect(
    engineer.openSession({ grantId: first.grant.id, leaseId: first.lease.id, clientVersion: '1' }),
  ).rejects.toMatchObject({ code: 'GRANT_ENDED' });
});

it('is refused against a lease that has lapsed, whether or not the timer has written so', async () => {
  const { grant, lease } = await aUse();
  const wish = { grantId: grant.id, leaseId: lease.id, clientVersion: '1' };
  const dueWork = api.app.get(DueWork);
  await dueWork.stop();
  api.effects.time.advance(119_999);
  await api.as('engineer').openSession(wish);
  api.effects.time.advance(1);
  const refusal = { code: 'LEASE_ENDED', kind: 'conflict' };
  await expect(api.as('engineer').openSession(wish)).rejects.toMatchObject(refusal);
  await dueWork.start();
  await workDone();
  await expect(api.as('engineer').openSession(wish)).rejects.toMatchObject(refusal);
});

it('is nobody else’s to speak for', async () => {
  const { session } = await aUse();
  const told = { bytesUp: 0, bytesDown: 0 };
  for (const name of ['admin', 'outsider'] as const) {
    await expect(api.as(name).beatSession(session.id, { state: 'open', ...told })).rejects.toMatchObject({
      code: 'SESSION_UNKNOWN',
    });
    await expect(api.as(name).closeSession(session.id, { reason: 'idle', ...told })).rejects.toMatchObject({
      code: 'SESSION_UNKNOWN',
    });
  }
});

it('cannot claim the SSM session of another grant', async () => {
  const victim = await aUse();
  const use = await aUse();
  await expect(beat(use, { ssmSessionId: victim.ssmSessionId })).rejects.toMatchObject({
    code: 'INPUT_INVALID',
  });
});

it('is told to close when its grant is revoked, and why', async () => {
  const use = await aUse();
  await beat(use);
  await api.as('admin').revokeGrant(use.grant.id, 'incident over');
  expect((await beat(use)).close).toEqual({
    code: 'GRANT_ENDED',
    reason: 'revoked',
    comment: 'incident over',
  });
  await workDone();
  expect(principals.terminated).toContain(use.ssmSessionId);
  const closed = await api
    .as('engineer')
    .closeSession(use.session.id, { reason: 'client_exit', bytesUp: 1, bytesDown: 2 });
  expect(closed).toMatchObject({ state: 'closed', endReason: 'revoked' });
});

it('is cut by an administrator at AWS, and the others of the grant stay', async () => {
  const use = await aUse();
  const { grant, lease } = use;
  const other = await api
    .as('engineer')
    .openSession({ grantId: grant.id, leaseId: lease.id, clientVersion: '1' });
  await beat(use);
  await expect(api.as('auditor').terminateSession(use.session.id, 'x')).rejects.toMatchObject({
    code: 'ROLE_MISSING',
  });
  await expect(api.as('admin').terminateSession(use.session.id, ' ')).rejects.toMatchObject({
    code: 'REASON_REQUIRED',
  });
  expect(await api.as('admin').terminateSession(use.session.id, 'wrong table')).toMatchObject({
    state: 'closing',
  });
  await workDone();
  expect(principals.terminated).toContain(use.ssmSessionId);
  expect(await beat(use)).toMatchObject({
    session: { state: 'closed', endReason: 'revoked' },
    close: { code: 'SESSION_TERMINATED', comment: 'wrong table' },
  });
  const live = (await api.as('admin').listSessions({ view: 'all', state: 'live' })).items.map(({ id }) => id);
  expect(live).toContain(other.id);
  expect(live).not.toContain(use.session.id);
  expect(await eventsOf(use.session.id)).toEqual([
    'session.opened',
    'session.connected',
    'session.terminated',
    'session.closed',
  ]);
  await expect(api.as('admin').terminateSession(use.session.id, 'again')).rejects.toMatchObject({
    code: 'SESSION_CLOSED',
  });
});

it('is cut even before its client named it at AWS', async () => {
  const use = await aUse();
  await api.as('admin').terminateSession(use.session.id, 'now');
  await workDone();
  expect(principals.terminated).toContain(use.ssmSessionId);
});

it('is cut although its client named a session that is not there', async () => {
  const use = await aUse();
  await beat(use, { ssmSessionId: `jit-${use.grant.id}-decoy` });
  await api.as('admin').terminateSession(use.session.id, 'now');
  await workDone();
  expect(principals.terminated).toContain(use.ssmSessionId);
});

it('is cut although its client named what AWS will not hear of, and cannot name what AWS has no room for', async () => {
  const use = await aUse();
  const named = `jit-${use.grant.id}-`.padEnd(96, 'x');
  await expect(beat(use, { ssmSessionId: `${named}x` })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  await beat(use, { ssmSessionId: named });
  principals.unheard = named;
  await api.as('admin').terminateSession(use.session.id, 'now');
  await workDone();
  expect(principals.terminated).toContain(use.ssmSessionId);
});

it('is cut with every session of its grant at AWS, whoever claims it, whenever it began and wherever it ends', async () => {
  const use = await aUse();
  const { grant, lease } = use;
  const engineer = api.as('engineer');
  const other = await engineer.openSession({ grantId: grant.id, leaseId: lease.id, clientVersion: '1' });
  const named = (ending: string, instanceId: string) => {
    const ssmSessionId = `jit-${grant.id}-${ending}`;
    principals.sessions.push({ ssmSessionId, instanceId, startedAt: api.effects.clock.now() });
    return ssmSessionId;
  };
  const member = named('member', lease.instanceId);
  const elsewhere = named('elsewhere', 'i-0fedcba9876543210');
  const ofOther = named('other', lease.instanceId);
  principals.sessions.push({
    ...{ ssmSessionId: `jit-${grant.id}-early`, instanceId: lease.instanceId },
    startedAt: api.effects.clock.now() - 600_000,
  });
  await beat(use);
  await beat({ ...use, session: other, ssmSessionId: ofOther });
  await api.as('admin').terminateSession(use.session.id, 'wrong table');
  await workDone();
  const all = [use.ssmSessionId, member, elsewhere, ofOther, `jit-${grant.id}-early`];
  expect(principals.terminated).toEqual(expect.arrayContaining(all));
  // The other client itself was not cut: the grant stands, and it starts another session.
  expect((await beat({ ...use, session: other, ssmSessionId: ofOther })).close).toBeNull();
});

it('loses its whole pool at AWS when its grant is revoked', async () => {
  const use = await aUse();
  const members = Array.from({ length: 7 }, (_, index) => `jit-${use.grant.id}-member${index}`);
  for (const ssmSessionId of members)
    principals.sessions.push({
      ssmSessionId,
      instanceId: 'i-0fedcba9876543210',
      startedAt: api.effects.clock.now(),
    });
  await beat(use);
  await api.as('admin').revokeGrant(use.grant.id, 'incident over');
  await workDone();
  expect(principals.terminated).toEqual(expect.arrayContaining([use.ssmSessionId, ...members]));
});

it('is one of a bounded number of its grant, however many are opened at the same moment', async () => {
  const { grant, lease } = await aUse();
  const wish = { grantId: grant.id, leaseId: lease.id, clientVersion: '1' };
  const opening = Array.from({ length: limits.liveSessionsPerGrantMax + 8 }, () =>
    api.as('engineer').openSession(wish),
  );
  const codes = (await Promise.allSettled(opening)).flatMap((one) =>
    one.status === 'rejected' ? (one.reason as { code: string }).code : [],
  );
  expect(codes).toEqual(Array.from({ length: 9 }, () => 'SESSION_LIMITED'));
});

/** Lets time pass for a process that runs: it looks at its clock each few seconds. */
async function passes(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 5_000) {
    api.effects.time.advance(Math.min(left, 5_000));
    await workDone();
  }
}

async function lostSession(id: string) {
  return (await api.as('engineer').listSessions({ state: 'closed' })).items.find((one) => one.id === id);
}

it('counts as lost after a silence, and not before', async () => {
  const use = await aUse();
  await beat(use);
  await passes(limits.heartbeatSilenceSeconds * 1000 - 1);
  expect((await beat(use)).session.state).toBe('open');
  await passes(limits.heartbeatSilenceSeconds * 1000);
  expect(await lostSession(use.session.id)).toMatchObject({ state: 'closed', endReason: 'network' });
});

it('is not lost by a silence in which nobody could be heard: the machine slept', async () => {
  const use = await aUse();
  await beat(use);
  api.effects.time.advance(10 * limits.heartbeatSilenceSeconds * 1000);
  await workDone();
  expect(await lostSession(use.session.id)).toBeUndefined();
  expect((await beat(use)).session.state).toBe('open');
  // Who stays silent from then on is lost as ever.
  await passes(limits.heartbeatSilenceSeconds * 1000 - 1);
  expect(await lostSession(use.session.id)).toBeUndefined();
  await passes(5_000);
  expect(await lostSession(use.session.id)).toMatchObject({ endReason: 'network' });
});

it('is seen by its person, and by nobody else but those who oversee', async () => {
  const { session } = await aUse();
  const seenBy = async (name: Parameters<TestApi['as']>[0], view: 'mine' | 'all') =>
    (await api.as(name).listSessions({ view })).items.some(({ id }) => id === session.id);
  expect(await seenBy('engineer', 'mine')).toBe(true);
  expect(await seenBy('auditor', 'all')).toBe(true);
  expect(await seenBy('outsider', 'mine')).toBe(false);
  await expect(seenBy('outsider', 'all')).rejects.toMatchObject({ code: 'ROLE_MISSING' });
});
