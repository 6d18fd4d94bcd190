import { createHash } from 'node:crypto';
import { limits } from '@sallyport/access-domain';
import canonicalize from 'canonicalize';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../testing/database.ts';
import { aStage, aWish, type Stage } from '../../testing/stage.ts';

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

it('shows a reviewer what exactly becomes reachable, and its digest', async () => {
  const { submit, staff, requests } = stage;
  const id = await submit.submit(staff.engineer, aWish({ ticket: 'INC-1' }));
  const { facts, factsDigest, mayReview, reviewers } = await requests.read(staff.approver, id);
  expect({ mayReview, reviewers }).toEqual({ mayReview: true, reviewers: ['db-owners'] });
  expect(facts).toMatchObject({
    requester: { email: 'engineer@example.com', groups: ['engineers'] },
    reason: 'INC-1',
    durationSeconds: 1800,
    history: { asked30d: 1, used30d: 0 },
  });
  const item = facts?.items[0];
  expect(item).toMatchObject({
    resource: { name: 'prod-rds' },
    reach: { host: 'prod-db.internal', port: 5432, database: 'shop', databaseRole: 'app_ro' },
    gateway: { instanceId: 'i-0123456789abcdef0' },
    document: { name: 'jit-fwd-bc4e4cb1' },
    recording: { recorded: false },
    adds: 'engineer@example.com cannot reach prod-rds now; this lets them for 30 min.',
  });
  expect(JSON.stringify(item?.sessionPolicy)).toContain('${lease end: at most 120 s after issue}');
  expect(JSON.stringify(item?.sessionPolicy)).toContain('instance/i-0123456789abcdef0');
  const { history: _, ...bound } = facts ?? { history: null };
  expect(
    createHash('sha256')
      .update(canonicalize(bound) ?? '')
      .digest('hex'),
  ).toBe(factsDigest);
});

it('approves by itself where every policy does, in the commit that records the wish', async () => {
  const { submit, staff, requests, grants, client } = stage;
  const id = await submit.submit(staff.engineer, aWish({ resources: ['staging-rds'], reason: '' }));
  expect(await requests.read(staff.engineer, id)).toMatchObject({
    state: 'approved',
    reviews: [{ automatic: true, reviewer: null, verdict: 'approve' }],
  });
  expect(await grants.list(staff.engineer, { state: 'active' })).toMatchObject([
    { automatic: true, approvedBy: null, resource: { name: 'staging-rds' } },
  ]);
  const events = await client.auditEvent.findMany({ orderBy: { position: 'asc' } });
  expect(events.map((event) => event.type)).toEqual([
    'request.submitted',
    'review.recorded',
    'request.approved',
    'grant.activated',
  ]);
  expect(events[1]?.actorName).toBe('Sallyport');
});

describe('refuses', () => {
  it.each([
    ['a resource that nobody has heard of', { resources: ['nothing'] }, 'RESOURCE_UNKNOWN'],
    ['a resource that cannot be connected to yet', { resources: ['batch-1'] }, 'RESOURCE_NOT_CONNECTABLE'],
    ['a duration under 5 s', { durationSeconds: 4 }, 'DURATION_INVALID'],
    ['a duration with a fraction', { durationSeconds: 10.5 }, 'DURATION_INVALID'],
    ['a duration that is no number', { durationSeconds: Number.NaN }, 'DURATION_INVALID'],
    ['more time than the policy gives', { durationSeconds: 4 * 3600 + 1 }, 'REQUEST_DURATION_TOO_LONG'],
    ['a wish without the reason that the policy wants', { reason: '  ' }, 'REASON_REQUIRED'],
    ['a reason of 501 characters', { reason: 'x'.repeat(501) }, 'REASON_TOO_LONG'],
    ['a resource named twice', { resources: ['prod-rds', 'prod-rds'] }, 'REQUEST_ITEMS_INVALID'],
    ['a start in the past', { startsAt: 0 }, 'START_INVALID'],
  ])('%s', async (_, given, code) => {
    await expect(stage.submit.submit(stage.staff.engineer, aWish(given))).rejects.toMatchObject({ code });
    expect(await stage.client.accessRequest.count()).toBe(0);
    expect(await stage.client.auditEvent.count()).toBe(0);
  });

  it('the outsider, who sees no resource and no request', async () => {
    const { submit, staff, resources, requests } = stage;
    await expect(submit.submit(staff.outsider, aWish())).rejects.toMatchObject({ code: 'RESOURCE_UNKNOWN' });
    await expect(resources.read(staff.outsider, 'prod-rds')).rejects.toMatchObject({
      code: 'RESOURCE_UNKNOWN',
    });
    expect(await resources.list(staff.outsider)).toEqual([]);
    const id = await submit.submit(staff.engineer, aWish());
    await expect(requests.read(staff.outsider, id)).rejects.toMatchObject({ code: 'REQUEST_UNKNOWN' });
    expect(await requests.list(staff.outsider, { view: 'all' })).toEqual([]);
  });

  it('an auditor who asks for what they may only see', async () => {
    await expect(stage.submit.submit(stage.staff.auditor, aWish())).rejects.toMatchObject({
      code: 'REQUEST_NOT_ALLOWED',
    });
  });

  it('a second request for the same resource while one waits, also when both come at once', async () => {
    const { submit, staff, client } = stage;
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => submit.submit(staff.engineer, aWish())));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ code: 'REQUEST_ALREADY_OPEN' });
    expect(await client.accessRequest.count()).toBe(1);
  });

  it('somebody else to take a request back', async () => {
    const { submit, closeRequest, staff } = stage;
    const id = await submit.submit(staff.engineer, aWish());
    await expect(closeRequest.cancel(id, staff.approver)).rejects.toMatchObject({ code: 'REQUEST_UNKNOWN' });
    await closeRequest.cancel(id, staff.engineer);
    await expect(closeRequest.cancel(id, staff.engineer)).rejects.toMatchObject({
      code: 'REQUEST_NOT_PENDING',
    });
  });
});

it('accepts a reason of 500 characters and a duration at either edge', async () => {
  const { submit, staff, closeRequest } = stage;
  for (const given of [{ reason: 'x'.repeat(500) }, { durationSeconds: 5 }, { durationSeconds: 4 * 3600 }])
    await closeRequest.cancel(await submit.submit(staff.engineer, aWish(given)), staff.engineer);
});

it('lapses when nobody answers in time, on reading at once and by the timer with its event', async () => {
  const { submit, staff, effects, requests, dueWork, client } = stage;
  const id = await submit.submit(staff.engineer, aWish());
  effects.time.advance(24 * 3_600_000);
  expect((await requests.read(staff.engineer, id)).state).toBe('lapsed');
  expect(await requests.list(staff.approver, { view: 'to-review' })).toEqual([]);
  await dueWork.start();
  expect(await client.accessRequest.findUniqueOrThrow({ where: { id } })).toMatchObject({ state: 'lapsed' });
  expect(await client.auditEvent.count({ where: { type: 'request.lapsed' } })).toBe(1);
  await submit.submit(staff.engineer, aWish());
});

it('lets a person ask again at once for what has lapsed, whether or not a timer ran', async () => {
  const { submit, staff, effects } = stage;
  await submit.submit(staff.engineer, aWish());
  effects.time.advance(24 * 3_600_000);
  await submit.submit(staff.engineer, aWish());
});

it('lists mine, those to review and all that one may see', async () => {
  const { submit, staff, requests } = stage;
  const id = await submit.submit(staff.engineer, aWish());
  const ids = async (person: typeof staff.engineer, view: string) =>
    (await requests.list(person, { view })).map((request) => request.id);
  expect(await ids(staff.engineer, 'mine')).toEqual([id]);
  expect(await ids(staff.engineer, 'to-review')).toEqual([]);
  expect(await ids(staff.approver, 'to-review')).toEqual([id]);
  expect(await ids(staff.approver, 'mine')).toEqual([]);
  expect(await ids(staff.auditor, 'all')).toEqual([id]);
  expect(await ids(staff.outsider, 'all')).toEqual([]);
  expect(await requests.toReviewCount(staff.approver)).toBe(1);
  await expect(requests.list(staff.engineer, { view: 'other' })).rejects.toMatchObject({
    code: 'FILTER_INVALID',
  });
  await expect(requests.list(staff.engineer, { state: 'x' })).rejects.toMatchObject({
    code: 'FILTER_INVALID',
  });
});

it('limits how often a person asks', async () => {
  const { submit, staff, closeRequest, effects } = stage;
  for (let n = 0; n < limits.requestsPerHourMax; n++)
    await closeRequest.cancel(await submit.submit(staff.engineer, aWish()), staff.engineer);
  await expect(submit.submit(staff.engineer, aWish())).rejects.toMatchObject({ code: 'REQUEST_LIMITED' });
  effects.time.advance(3_600_001);
  await submit.submit(staff.engineer, aWish());
});

it('limits how often a person asks, however many ask at once', async () => {
  const { client, effects, staff, submit } = stage;
  const at = new Date(effects.clock.now());
  const old = Array.from({ length: limits.requestsPerHourMax - 1 }, () => ({
    ...{ id: effects.ids.make('req'), version: 1, requesterId: staff.engineer.id, state: 'pending' },
    ...{ reason: 'x', durationSeconds: 60, createdAt: at, lapsesAt: at, policyDigest: '', facts: {} },
    ...{ reviewers: [], factsDigest: '0'.repeat(64) },
  }));
  await client.accessRequest.createMany({ data: old });
  await client.accessRequest.updateMany({ data: { state: 'cancelled', version: 2, decidedAt: at } });
  const asked = await Promise.allSettled(
    ['prod-rds', 'prod-web'].map((name) => submit.submit(staff.engineer, aWish({ resources: [name] }))),
  );
  const refused = asked.filter((one) => one.status === 'rejected');
  expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual(['REQUEST_LIMITED']);
});

it('limits how often policies say yes to a person by themselves, however many ask at once', async () => {
  const { client, effects, staff, submit } = stage;
  const at = new Date(effects.clock.now());
  const factsDigest = '0'.repeat(64);
  const old = Array.from({ length: limits.automaticRequestsPerHourMax - 1 }, () => ({
    ...{ id: effects.ids.make('req'), version: 1, requesterId: staff.engineer.id, state: 'pending' },
    ...{ reason: 'x', durationSeconds: 60, createdAt: at, lapsesAt: at, policyDigest: '', facts: {} },
    ...{ reviewers: [], factsDigest },
  }));
  await client.accessRequest.createMany({ data: old });
  await client.review.createMany({
    data: old.map(({ id: requestId, requesterId }) => ({
      ...{ id: effects.ids.make('rev'), requestId, requesterId, factsDigest, at },
      ...{ automatic: true, verdict: 'approve' },
    })),
  });
  await client.accessRequest.updateMany({ data: { state: 'approved', version: 2, decidedAt: at } });
  const automatic = aWish({ resources: ['staging-rds'] });
  const asked = await Promise.allSettled([1, 2, 3].map(() => submit.submit(staff.engineer, automatic)));
  const refused = asked.filter((one) => one.status === 'rejected');
  expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual([
    'REQUEST_LIMITED',
    'REQUEST_LIMITED',
  ]);
  // What somebody has to read is counted apart.
  await submit.submit(staff.engineer, aWish());
  effects.time.advance(3_600_001);
  await submit.submit(staff.engineer, automatic);
});

it('waits in the inbox of its reviewers, however many were answered before', async () => {
  const { client, effects, staff, requests, submit } = stage;
  const at = new Date(effects.clock.now() - 1_000);
  const old = Array.from({ length: 500 }, () => ({
    ...{ id: effects.ids.make('req'), version: 1, requesterId: staff.outsider.id, state: 'pending' },
    ...{ reason: 'x', durationSeconds: 60, createdAt: at, lapsesAt: at, policyDigest: '', facts: {} },
    ...{ reviewers: ['db-owners'], factsDigest: '0'.repeat(64) },
  }));
  await client.accessRequest.createMany({ data: old });
  await client.accessRequest.updateMany({ data: { state: 'cancelled', version: 2, decidedAt: at } });
  const id = await submit.submit(staff.engineer, aWish());
  expect((await requests.list(staff.approver, { view: 'to-review' })).map((one) => one.id)).toEqual([id]);
});
