import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { deniedForSeconds } from '../../platform/aws/revoker/deny-list.ts';
import type { SessionRevoker } from '../../platform/aws/revoker/session-revoker.ts';
import { startTestServer, type TestServer } from '../../testing/database.ts';
import { anApproval, aStage, aWish, type Stage } from '../../testing/stage.ts';
import { DenyGrant } from './deny-grant.query.ts';

let server: TestServer;
let stage: Stage;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.stop());
beforeEach(async () => {
  stage = await aStage(server);
});
afterEach(() => stage?.close());

/** A grant of prod-rds to the engineer; gives its id. */
async function aGrant(given: Parameters<typeof aWish>[0] = {}): Promise<string> {
  const { submit, review, staff, grants } = stage;
  const id = await submit.submit(staff.engineer, aWish(given));
  await review.record(id, staff.approver, await anApproval(stage, id));
  return (await grants.list(staff.engineer, {}))[0]?.id ?? '';
}

/** Lets the clock run in steps, with all work that falls due. */
async function run(seconds: number): Promise<void> {
  for (let n = 0; n < seconds; n++) {
    await stage.effects.time.advanceAsync(1_000);
    await stage.dueWork.idle();
    await stage.outbox.idle();
  }
}
const types = async () =>
  (await stage.client.auditEvent.findMany({ orderBy: { position: 'asc' } }))
    .map((event) => event.type)
    .slice(4);

it('ends at its time by the comparison with the clock, before any timer has run', async () => {
  const id = await aGrant({ durationSeconds: 5 });
  stage.effects.time.advance(4_999);
  expect((await stage.grants.read(stage.staff.engineer, id)).state).toBe('active');
  stage.effects.time.advance(1);
  expect(await stage.grants.read(stage.staff.engineer, id)).toMatchObject({
    state: 'ended',
    endReason: 'expired',
  });
  expect(await types()).toEqual([]);
});

it('ends at its time by the timer, sweeps until 130 s and confirms', async () => {
  const id = await aGrant({ durationSeconds: 5 });
  stage.outbox.start();
  await stage.dueWork.start();
  const endsAt = Date.parse((await stage.grants.read(stage.staff.engineer, id)).endsAt);
  stage.terminator.alive.set(id, ['jit-x-1']);
  await run(140);
  expect(stage.terminator.sweeps.map(({ at }) => Math.round((at - endsAt) / 1000))).toEqual([
    0, 5, 15, 30, 60, 130,
  ]);
  expect(await types()).toEqual(['grant.ended', 'grant.revoke_confirmed']);
  const confirmed = await stage.client.auditEvent.findFirstOrThrow({
    where: { type: 'grant.revoke_confirmed' },
  });
  expect(confirmed.details).toEqual({ reason: 'expired', sweeps: 6, terminated: ['jit-x-1'] });
});

it('ends overdue grants and lapses overdue requests at start-up', async () => {
  const id = await aGrant({ durationSeconds: 60 });
  await stage.submit.submit(stage.staff.engineer, aWish({ resources: ['prod-web'] }));
  stage.effects.time.advance(48 * 3_600_000);
  await stage.dueWork.start();
  expect(await stage.client.grant.findUniqueOrThrow({ where: { id } })).toMatchObject({
    state: 'ended',
    endReason: 'expired',
  });
  expect((await types()).toSorted()).toEqual(['grant.ended', 'request.lapsed', 'request.submitted']);
});

it('is revoked at once by an administrator, with a sweep right after the commit', async () => {
  const id = await aGrant();
  stage.outbox.start();
  stage.hints.length = 0;
  await stage.changeGrant.revoke(id, stage.staff.admin, 'incident over');
  await stage.outbox.idle();
  expect(stage.terminator.sweeps.map(({ grantId }) => grantId)).toEqual([id]);
  expect(await stage.grants.read(stage.staff.engineer, id)).toMatchObject({
    state: 'ended',
    endReason: 'revoked',
    endComment: 'incident over',
    version: 2,
  });
  expect(stage.hints.map(({ topic, version }) => `${topic} ${version}`)).toEqual(['grant 2', 'audit 5']);
  const event = await stage.client.auditEvent.findFirstOrThrow({ where: { type: 'grant.ended' } });
  expect(event.sentence).toBe('admin@example.com revoked prod-rds from engineer@example.com: incident over');
});

describe('in IAM a grant', () => {
  const entriesOf = async (id: string) =>
    (
      await stage.client.outboxEntry.findMany({
        where: { topic: 'grant.deny', key: { startsWith: `grant:${id}:` } },
        orderBy: { dueAt: 'asc' },
      })
    ).map(({ key, payload, dueAt }) => [
      key.split(':').slice(2).join(':'),
      (payload as { denied: boolean }).denied,
      dueAt.getTime() - stage.effects.clock.now(),
    ]);

  const denied = [
    ['deny:0', true, 0],
    ['deny:15', true, 15_000],
    ['deny:60', true, 60_000],
    ['forget:1200', false, 1_200_000],
  ];

  it('that is revoked is denied, again in case another revoker wrote over it, and no longer after 20 minutes', async () => {
    const id = await aGrant();
    await stage.changeGrant.revoke(id, stage.staff.admin, 'incident over');
    expect(await entriesOf(id)).toEqual(denied);
  });

  it('of somebody who left the group is denied as well: their leases in hand start nothing more', async () => {
    const id = await aGrant();
    await stage.changeGrant.leave(id, 'engineers');
    expect(await entriesOf(id)).toEqual(denied);
  });

  it('that is given back is not denied: nobody takes it away', async () => {
    const id = await aGrant();
    await stage.changeGrant.return(id, stage.staff.engineer);
    expect(await entriesOf(id)).toEqual([]);
  });
});

it('keeps looking while the last sweep still finds a session', async () => {
  const id = await aGrant();
  stage.outbox.start();
  await stage.changeGrant.revoke(id, stage.staff.approver, 'done');
  await stage.outbox.idle();
  await run(128);
  stage.terminator.alive.set(id, ['jit-x-9']);
  await run(4);
  expect(await types()).toEqual(['grant.ended']);
  await run(60);
  expect(await types()).toEqual(['grant.ended', 'grant.revoke_confirmed']);
});

it('does not confirm an end while another look is under way, whose finding belongs to the evidence', async () => {
  const id = await aGrant();
  const { changeGrant, client, effects, outbox, staff, terminator } = stage;
  terminator.alive.set(id, ['jit-late']);
  let release = () => undefined as void;
  const held = new Promise<void>((resolve) => (release = resolve));
  const sweep = terminator.sweep.bind(terminator);
  terminator.sweep = async (grantId) => {
    const found = await sweep(grantId);
    if (found.length > 0) await held;
    return found;
  };
  outbox.start();
  await changeGrant.revoke(id, staff.admin, 'stop');
  for (let n = 0; n < 140; n++) await effects.time.advanceAsync(1_000);
  const last = { where: { key: `grant:${id}:terminate:130`, state: 'done' } };
  await vi.waitFor(async () => expect(await client.outboxEntry.count(last)).toBe(1), { timeout: 45_000 });
  expect(await types()).not.toContain('grant.revoke_confirmed');
  release();
  await run(61);
  const confirmed = await client.auditEvent.findFirst({ where: { type: 'grant.revoke_confirmed' } });
  expect(confirmed?.details).toMatchObject({ terminated: ['jit-late'] });
});

it('tells live sessions to close in the commit that ends the grant', async () => {
  const id = await aGrant();
  const { client, staff } = stage;
  const at = new Date(stage.effects.clock.now());
  const { resourceId } = await client.grant.findUniqueOrThrow({ where: { id } });
  const lease = { grantId: id, personId: staff.engineer.id, accountId: '1', region: 'r', instanceId: 'i-1' };
  await client.lease.create({
    data: {
      id: 'lse_1',
      version: 1,
      state: 'intended',
      intendedAt: at,
      usefulUntil: new Date(at.getTime() + 120_000),
      documentName: 'jit-fwd-1',
      ...lease,
    },
  });
  await client.lease.update({ where: { id: 'lse_1' }, data: { state: 'issued', settledAt: at } });
  await client.session.create({
    data: {
      ...{ id: 'ses_1', version: 1, grantId: id, leaseId: 'lse_1', personId: staff.engineer.id, resourceId },
      ...{ state: 'opening', instanceId: 'i-1', clientVersion: '1', openedAt: at, lastSeenAt: at },
    },
  });
  expect((await stage.grants.read(staff.engineer, id)).sessions).toEqual({ live: 1, total: 1 });
  expect((await stage.resources.read(staff.engineer, 'prod-rds')).mine.state).toBe('connected');
  await stage.changeGrant.revoke(id, staff.admin, 'x');
  expect((await client.lease.findFirstOrThrow()).state).toBe('cut');
  expect(await client.session.findFirstOrThrow()).toMatchObject({
    state: 'closing',
    endReason: 'revoked',
    version: 2,
  });
});

it('is given back by its person and by nobody else', async () => {
  const id = await aGrant();
  const { changeGrant, staff } = stage;
  await expect(changeGrant.return(id, staff.admin)).rejects.toMatchObject({ code: 'GRANT_UNKNOWN' });
  await changeGrant.return(id, staff.engineer);
  expect(await stage.grants.read(staff.engineer, id)).toMatchObject({
    state: 'ended',
    endReason: 'returned',
  });
  await expect(changeGrant.return(id, staff.engineer)).rejects.toMatchObject({ code: 'GRANT_NOT_ACTIVE' });
  await expect(changeGrant.revoke(id, staff.admin, 'x')).rejects.toMatchObject({ code: 'GRANT_NOT_ACTIVE' });
});

it('refuses revocation by the person, by outsiders and without a reason', async () => {
  const id = await aGrant();
  const { changeGrant, staff } = stage;
  await expect(changeGrant.revoke(id, staff.engineer, 'x')).rejects.toMatchObject({
    code: 'REVOKE_NOT_ALLOWED',
  });
  await expect(changeGrant.revoke(id, staff.auditor, 'x')).rejects.toMatchObject({
    code: 'REVOKE_NOT_ALLOWED',
  });
  await expect(changeGrant.revoke(id, staff.outsider, 'x')).rejects.toMatchObject({ code: 'GRANT_UNKNOWN' });
  await expect(changeGrant.revoke(id, staff.admin, ' ')).rejects.toMatchObject({ code: 'REASON_REQUIRED' });
  await expect(changeGrant.revoke(id, staff.admin, 'x'.repeat(501))).rejects.toMatchObject({
    code: 'REASON_TOO_LONG',
  });
  expect((await stage.grants.read(staff.engineer, id)).state).toBe('active');
});

it('ends once when two revoke at the same moment', async () => {
  const id = await aGrant();
  const { changeGrant, staff, client } = stage;
  const outcomes = await Promise.allSettled([
    changeGrant.revoke(id, staff.admin, 'a'),
    changeGrant.revoke(id, staff.approver, 'b'),
    changeGrant.return(id, staff.engineer),
  ]);
  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'GRANT_NOT_ACTIVE' });
  expect(await client.auditEvent.count({ where: { type: 'grant.ended' } })).toBe(1);
  // What ends access is put down once: six entries, and four more for the denial in IAM where it was a revocation.
  const [first, second] = outcomes;
  const revoked = first.status === 'fulfilled' || second.status === 'fulfilled';
  expect(await client.outboxEntry.count()).toBe(revoked ? 10 : 6);
});

it('begins at the start that was asked for', async () => {
  const startsAt = stage.effects.clock.now() + 600_000;
  const id = await aGrant({ startsAt });
  expect(await stage.grants.read(stage.staff.engineer, id)).toMatchObject({ state: 'scheduled' });
  await stage.dueWork.start();
  await run(601);
  expect(await stage.client.grant.findUniqueOrThrow({ where: { id } })).toMatchObject({ state: 'active' });
  expect((await stage.client.auditEvent.findFirstOrThrow({ orderBy: { position: 'desc' } })).type).toBe(
    'grant.activated',
  );
});

it('shows a grant to its person, its reviewers, administrators and auditors', async () => {
  const id = await aGrant();
  const { grants, staff } = stage;
  for (const person of [staff.engineer, staff.approver, staff.admin, staff.auditor])
    expect((await grants.list(person, { view: 'all' })).map((grant) => grant.id)).toEqual([id]);
  expect(await grants.list(staff.outsider, { view: 'all' })).toEqual([]);
  await expect(grants.read(staff.outsider, id)).rejects.toMatchObject({ code: 'GRANT_UNKNOWN' });
});

it('is listed under the state that the clock gives it', async () => {
  const { effects, grants, staff } = stage;
  const startsAt = effects.clock.now() + 600_000;
  const id = await aGrant({ startsAt });
  const listed = async () => {
    const states = ['scheduled', 'active', 'ended'];
    const found = await Promise.all(states.map((state) => grants.list(staff.engineer, { state })));
    return states.filter((_, at) => found[at]?.some((grant) => grant.id === id));
  };
  expect(await listed()).toEqual(['scheduled']);
  effects.time.advance(600_000);
  expect(await listed()).toEqual(['active']);
  effects.time.advance(1_800_000);
  expect(await listed()).toEqual(['ended']);
});

it('a denial that failed until no credential can be alive is not written any more: nobody would take it out', async () => {
  const id = await aGrant();
  const revoker = { deny: vi.fn().mockRejectedValue(new Error('no answer')) } as unknown as SessionRevoker;
  const deny = new DenyGrant(stage.client, revoker, stage.effects.clock).handler();
  await stage.changeGrant.revoke(id, stage.staff.admin, 'over');
  const entry = { key: `grant:${id}:deny:60`, attempts: 1 };
  stage.effects.time.advance(deniedForSeconds * 1000 - 1);
  expect(await deny({ grantId: id, denied: true }, entry)).toEqual({ accounts: [] });
  stage.effects.time.advance(1);
  expect(await deny({ grantId: id, denied: true }, entry)).toEqual({ skipped: true });
  expect(await deny({ grantId: id, denied: false }, entry)).toEqual({ accounts: [] });
});
