import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../testing/database.ts';
import { anApproval, aStage, aWish, type Stage } from '../../testing/stage.ts';

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

const eventTypes = async () =>
  (await stage.client.auditEvent.findMany({ orderBy: { position: 'asc' } })).map((event) => event.type);

it('gives a grant whose time counts from the approval, in one commit with its events', async () => {
  const { submit, review, staff, effects, grants, requests } = stage;
  const id = await submit.submit(staff.engineer, aWish());
  effects.time.advance(60_000);
  await review.record(id, staff.approver, await anApproval(stage, id));
  const [grant] = await grants.list(staff.engineer, {});
  const now = effects.clock.now();
  expect(grant).toMatchObject({
    state: 'active',
    resource: { name: 'prod-rds', kind: 'database' },
    approvedBy: { email: 'approver@example.com' },
    automatic: false,
    startsAt: new Date(now).toISOString(),
    endsAt: new Date(now + 1_800_000).toISOString(),
    connectLine: 'tunnel connect prod-rds',
  });
  // The usual wait is remembered for half a minute.
  effects.time.advance(30_000);
  const request = await requests.read(staff.engineer, id);
  expect(request).toMatchObject({
    state: 'approved',
    version: 2,
    items: [{ state: 'approved', grantId: grant?.id }],
  });
  expect(request.reviews).toMatchObject([
    { reviewer: { email: 'approver@example.com' }, verdict: 'approve' },
  ]);
  expect(request.usualWaitSeconds).toBe(60);
  expect(await eventTypes()).toEqual([
    'request.submitted',
    'review.recorded',
    'request.approved',
    'grant.activated',
  ]);
  const sentence = (await stage.client.auditEvent.findFirstOrThrow({ where: { type: 'request.approved' } }))
    .sentence;
  expect(sentence).toBe('approver@example.com approved prod-rds for engineer@example.com for 30 min');
});

it('tells requester, reviewers and auditors to look again', async () => {
  const { submit, review, staff, hints } = stage;
  const id = await submit.submit(staff.engineer, aWish());
  await review.record(id, staff.approver, await anApproval(stage, id));
  expect(hints.map(({ topic, version }) => `${topic} ${version}`)).toEqual([
    'access-request 1',
    'audit 1',
    'access-request 2',
    'grant 1',
    'audit 4',
  ]);
  expect(hints[0]?.audience).toEqual({
    people: [staff.engineer.id],
    groups: ['db-owners'],
    roles: ['admin', 'auditor'],
  });
});

describe('refuses', () => {
  const refusals: [string, (id: string) => Promise<unknown>, string][] = [
    [
      'a review by the requester',
      async (id) => stage.review.record(id, stage.staff.engineer, await anApproval(stage, id)),
      'REVIEW_BY_REQUESTER',
    ],
    [
      'a review by an administrator who is in no reviewing group',
      async (id) => stage.review.record(id, stage.staff.admin, await anApproval(stage, id)),
      'REVIEW_NOT_ALLOWED',
    ],
    [
      'a review by the outsider, who may not even know of the request',
      async (id) => stage.review.record(id, stage.staff.outsider, await anApproval(stage, id)),
      'REQUEST_UNKNOWN',
    ],
    [
      'an approval of other facts',
      async (id) =>
        stage.review.record(
          id,
          stage.staff.approver,
          await anApproval(stage, id, { factsDigest: 'b'.repeat(64) }),
        ),
      'REVIEW_DIGEST_MISMATCH',
    ],
    [
      'a denial without a comment',
      async (id) =>
        stage.review.record(id, stage.staff.approver, await anApproval(stage, id, { verdict: 'deny' })),
      'REVIEW_COMMENT_REQUIRED',
    ],
    [
      'an approval for longer than asked',
      async (id) =>
        stage.review.record(id, stage.staff.approver, await anApproval(stage, id, { durationSeconds: 1801 })),
      'REVIEW_DURATION_INVALID',
    ],
    [
      'an approval of a resource that was not asked for',
      async (id) =>
        stage.review.record(id, stage.staff.approver, await anApproval(stage, id, { only: ['prod-web'] })),
      'REVIEW_ITEM_UNKNOWN',
    ],
  ];
  it.each(refusals)('%s, and nothing changes', async (_, act, code) => {
    const id = await stage.submit.submit(stage.staff.engineer, aWish());
    await expect(act(id)).rejects.toMatchObject({ code });
    expect((await stage.requests.read(stage.staff.engineer, id)).state).toBe('pending');
    expect(await eventTypes()).toEqual(['request.submitted']);
    expect(await stage.client.grant.count()).toBe(0);
  });

  it('a second approval and an approval after cancellation', async () => {
    const { submit, review, closeRequest, staff } = stage;
    const id = await submit.submit(staff.engineer, aWish());
    const approval = await anApproval(stage, id);
    await review.record(id, staff.approver, approval);
    await expect(review.record(id, staff.second, approval)).rejects.toMatchObject({
      code: 'REQUEST_NOT_PENDING',
    });
    const other = await submit.submit(staff.engineer, aWish({ resources: ['prod-web'] }));
    await closeRequest.cancel(other, staff.engineer);
    await expect(review.record(other, staff.approver, await anApproval(stage, other))).rejects.toMatchObject({
      code: 'REQUEST_NOT_PENDING',
    });
    expect(await stage.client.grant.count()).toBe(1);
  });
});

it('lets one of two reviewers win who answer at the same moment', async () => {
  const { submit, review, staff, client } = stage;
  const id = await submit.submit(staff.engineer, aWish());
  const approval = await anApproval(stage, id);
  const outcomes = await Promise.allSettled([
    review.record(id, staff.approver, approval),
    review.record(id, staff.second, { ...approval, verdict: 'deny', comment: 'not now' }),
  ]);
  expect(outcomes.map((outcome) => outcome.status).toSorted()).toEqual(['fulfilled', 'rejected']);
  const lost = outcomes.find((outcome) => outcome.status === 'rejected');
  expect(lost?.reason).toMatchObject({ code: 'REQUEST_NOT_PENDING' });
  expect(await client.review.count()).toBe(1);
});

it('shows the new facts after refusing a review of old ones', async () => {
  const { submit, review, staff, inventory, effects, requests } = stage;
  const id = await submit.submit(staff.engineer, aWish());
  const approval = await anApproval(stage, id);
  inventory.instanceId = 'i-0fedcba9876543210';
  effects.time.advance(11_000);
  await expect(review.record(id, staff.approver, approval)).rejects.toMatchObject({
    code: 'REVIEW_DIGEST_MISMATCH',
  });
  const shown = await requests.read(staff.approver, id);
  expect(shown.facts?.items[0]?.gateway.instanceId).toBe('i-0fedcba9876543210');
  expect(shown.factsDigest).not.toBe(approval.factsDigest);
  await review.record(id, staff.approver, { ...approval, factsDigest: shown.factsDigest ?? '' });
  expect((await requests.read(staff.engineer, id)).state).toBe('approved');
});

it('keeps the facts while the gateways cannot be seen', async () => {
  const { submit, review, staff, inventory, effects, requests } = stage;
  const id = await submit.submit(staff.engineer, aWish());
  inventory.reachable = false;
  effects.time.advance(11_000);
  await review.record(id, staff.approver, await anApproval(stage, id));
  expect((await requests.read(staff.engineer, id)).state).toBe('approved');
});

it('narrows by resource and by time, and denies the rest', async () => {
  const { submit, review, staff, requests, grants } = stage;
  // Only production-owners answer for services and only db-owners for databases, so one request holds one kind.
  await expect(
    submit.submit(staff.engineer, aWish({ resources: ['prod-rds', 'prod-web'] })),
  ).rejects.toMatchObject({ code: 'REQUEST_WITHOUT_COMMON_REVIEWER' });
  const id = await submit.submit(staff.engineer, aWish({ resources: ['prod-web', 'staging-rds'] }));
  await review.record(
    id,
    staff.approver,
    await anApproval(stage, id, { only: ['prod-web'], durationSeconds: 600 }),
  );
  const request = await requests.read(staff.engineer, id);
  expect(request.items.map(({ state, resource }) => `${resource.name} ${state}`)).toEqual([
    'prod-web narrowed',
    'staging-rds denied',
  ]);
  const [grant] = await grants.list(staff.engineer, {});
  expect(Date.parse(grant?.endsAt ?? '') - Date.parse(grant?.startsAt ?? '')).toBe(600_000);
});

it('denies with a comment that the person sees', async () => {
  const { submit, review, staff, requests } = stage;
  const id = await submit.submit(staff.engineer, aWish());
  await review.record(
    id,
    staff.approver,
    await anApproval(stage, id, { verdict: 'deny', comment: 'use staging' }),
  );
  expect(await requests.read(staff.engineer, id)).toMatchObject({
    state: 'denied',
    reviews: [{ verdict: 'deny', comment: 'use staging' }],
    items: [{ state: 'denied', grantId: null }],
  });
  expect(await eventTypes()).toEqual(['request.submitted', 'review.recorded', 'request.denied']);
});

describe('when the policies changed since it was asked', () => {
  type Policy = ReturnType<Stage['policies']['inForce']>['policies'][number];
  /** From now on the first policy, that of production's databases, is another one. */
  const tighten = (change: Partial<Policy>) => {
    const { digest, policies } = stage.policies.inForce();
    const [first, ...others] = policies;
    const changed = first ? [{ ...first, ...change }, ...others] : policies;
    stage.policies.inForce = () => ({ digest, policies: changed });
  };

  it.each<[string, string, Partial<Policy>, object]>([
    ['nobody of the group may ask any more', 'REQUEST_POLICY_CHANGED', { requesters: ['night-shift'] }, {}],
    ['it is too long by now', 'REQUEST_POLICY_CHANGED', { longestSeconds: 900 }, {}],
    ['others have to answer by now', 'REVIEW_NOT_ALLOWED', { reviewers: ['night-shift'] }, {}],
    ['what is approved is short enough still', 'done', { longestSeconds: 900 }, { durationSeconds: 900 }],
    ['a denial needs no policy', 'done', { requesters: [] }, { verdict: 'deny', comment: 'no' }],
    ['the new one admits as much', 'done', { longestSeconds: 1800, answerWithinSeconds: 60 }, {}],
  ])('%s: %s', async (_, expected, change, given) => {
    const { submit, review, staff } = stage;
    const id = await submit.submit(staff.engineer, aWish());
    tighten(change);
    const answer = review.record(id, staff.approver, await anApproval(stage, id, given));
    const outcome = await answer.then(
      () => 'done',
      (error: unknown) => (error as { code?: string }).code,
    );
    expect(outcome).toBe(expected);
  });

  it('an extension is held to the budget in force', async () => {
    const { submit, review, extend, grants, staff } = stage;
    const first = await submit.submit(staff.engineer, aWish());
    await review.record(first, staff.approver, await anApproval(stage, first));
    const [grant] = await grants.list(staff.engineer, {});
    const command = { durationSeconds: 3600, reason: null, ticket: null, seenEndsAt: null };
    const id = await extend.run(grant?.id ?? '', staff.engineer, command);
    tighten({ extension: { automatic: null, reviewers: ['db-owners'], totalSecondsMax: 3600 } });
    const yes = await anApproval(stage, id);
    await expect(review.record(id, staff.approver, yes)).rejects.toMatchObject({
      code: 'REQUEST_POLICY_CHANGED',
    });
    await review.record(id, staff.approver, { ...yes, durationSeconds: 1800 });
    const endsAt = new Date(Date.parse(grant?.endsAt ?? '') + 1_800_000).toISOString();
    expect(await grants.read(staff.engineer, grant?.id ?? '')).toMatchObject({ endsAt });
  });
});
