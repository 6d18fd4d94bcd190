import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
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

const command = { durationSeconds: 1800, reason: null, ticket: null, seenEndsAt: null };
const code = (error: unknown) => (error as { code?: string }).code;
const outcome = (work: Promise<unknown>) => work.then(() => 'done', code);

/** A grant to the engineer; gives its id. `staging-rds` is approved by itself, for an hour unless told. */
async function aGrant(resource = 'prod-rds', durationSeconds = 3600): Promise<string> {
  const { submit, review, staff, grants } = stage;
  const id = await submit.submit(staff.engineer, aWish({ resources: [resource], durationSeconds }));
  if ((await stage.requests.read(staff.engineer, id)).state === 'pending')
    await review.record(id, staff.approver, await anApproval(stage, id));
  return (await grants.list(staff.engineer, { state: 'active' }))[0]?.id ?? '';
}
const read = (id: string) => stage.grants.read(stage.staff.engineer, id);
const intervals = (grantId: string) =>
  stage.client.grantInterval.findMany({ where: { grantId }, orderBy: { startsAt: 'asc' } });
const tidied = async () => {
  await stage.dueWork.start();
  await stage.dueWork.idle();
};

it('is asked for, seen by its approvers as what it moves, and gives the grant a further interval', async () => {
  const { staff, extend, review, requests } = stage;
  const grantId = await aGrant();
  const before = await read(grantId);
  expect(before).toMatchObject({
    extensions: 0,
    extension: { secondsMax: 5 * 3600, automaticSecondsMax: 0, requestId: null },
  });
  stage.effects.time.advance(600_000);
  const id = await extend.run(grantId, staff.engineer, command);
  expect(await read(grantId)).toMatchObject({ endsAt: before.endsAt, extension: { requestId: id } });
  const until = new Date(Date.parse(before.endsAt) + 1_800_000).toISOString();
  const [shown] = await requests.list(staff.approver, { view: 'to-review' });
  expect(shown).toMatchObject({
    id,
    durationSeconds: 1800,
    lapsesAt: before.endsAt,
    extension: { grantId, endsAt: before.endsAt, until },
    facts: {
      extension: { grantId, until },
      items: [
        {
          adds: expect.stringMatching(
            /until \d{4}-\d\d-\d\d \d\d:\d\d UTC; this moves the end by 30 min, until /u,
          ) as string,
        },
      ],
    },
  });
  // Asked for anew meanwhile, it is told as a moment that people read.
  const anew = await stage.submit.submit(staff.engineer, aWish({ resources: ['staging-rds'] }));
  const more = await stage.submit.submit(staff.engineer, aWish({ resources: ['staging-rds'] }));
  const adds = async (request: string) =>
    (await requests.read(staff.engineer, request)).facts?.items[0]?.adds;
  expect(await adds(anew)).toContain('cannot reach staging-rds now');
  expect(await adds(more)).toMatch(
    /already reaches staging-rds until \d{4}-\d\d-\d\d \d\d:\d\d UTC; this gives /u,
  );
  await review.record(id, staff.approver, await anApproval(stage, id));
  expect(await read(grantId)).toMatchObject({ state: 'active', endsAt: until, extensions: 1 });
  expect(await intervals(grantId)).toMatchObject([
    { endsAt: new Date(before.endsAt), requestId: null },
    { startsAt: new Date(before.endsAt), endsAt: new Date(until), requestId: id },
  ]);
  const events = await stage.client.auditEvent.findMany({ where: { grantId, requestId: { not: null } } });
  expect(events.map(({ type }) => type)).toContain('grant.extended');
  expect(events.map(({ sentence }) => sentence)).toContain(
    'approver@example.com approved 30 min more of prod-rds for engineer@example.com',
  );
  stage.effects.time.advance(3_000_000);
  expect((await read(grantId)).state).toBe('active');
  stage.effects.time.advance(1_800_000);
  expect(await read(grantId)).toMatchObject({ state: 'ended', endReason: 'expired', endedAt: until });
});

it('is approved by itself where the policy says so, and within its budget', async () => {
  const { staff, extend } = stage;
  const grantId = await aGrant('staging-rds');
  const { endsAt } = await read(grantId);
  await extend.run(grantId, staff.engineer, { ...command, seenEndsAt: Date.parse(endsAt) });
  expect(Date.parse((await read(grantId)).endsAt)).toBe(Date.parse(endsAt) + 1_800_000);
  const again = extend.run(grantId, staff.engineer, { ...command, seenEndsAt: Date.parse(endsAt) });
  expect(await outcome(again)).toBe('EXTENSION_END_MOVED');
  const tooLong = extend.run(grantId, staff.engineer, { ...command, durationSeconds: 8 * 3600 });
  expect(await outcome(tooLong)).toBe('EXTENSION_BUDGET_EXCEEDED');
  const said = await stage.client.auditEvent.findMany({ where: { grantId, type: 'request.approved' } });
  expect(said.map(({ sentence }) => sentence)).toEqual([
    'The policy staging approved 30 min more of staging-rds for engineer@example.com',
  ]);
});

it('leaves the end as it was when it is denied, and can be asked for again', async () => {
  const { staff, extend, review } = stage;
  const grantId = await aGrant();
  const { endsAt } = await read(grantId);
  const id = await extend.run(grantId, staff.engineer, command);
  expect(await outcome(extend.run(grantId, staff.engineer, command))).toBe('REQUEST_ALREADY_OPEN');
  await review.record(
    id,
    staff.approver,
    await anApproval(stage, id, { verdict: 'deny', comment: 'enough' }),
  );
  expect(await read(grantId)).toMatchObject({ endsAt, extensions: 0, extension: { requestId: null } });
  expect(await outcome(extend.run(grantId, staff.engineer, command))).toBe('done');
});

it('gives one interval when two approve at the same moment', async () => {
  const { staff, extend, review } = stage;
  for (let round = 0; round < 5; round++) {
    const grantId = await aGrant();
    const id = await extend.run(grantId, staff.engineer, command);
    const yes = await anApproval(stage, id);
    const outcomes = await Promise.all([
      outcome(review.record(id, staff.approver, yes)),
      outcome(review.record(id, staff.second, yes)),
    ]);
    expect(outcomes.toSorted()).toEqual(['REQUEST_NOT_PENDING', 'done']);
    expect(await intervals(grantId)).toHaveLength(2);
    await stage.changeGrant.return(grantId, staff.engineer);
  }
});

it('is counted once when it is commanded several times at the same moment', async () => {
  const { staff, extend } = stage;
  const grantId = await aGrant('staging-rds');
  const seenEndsAt = Date.parse((await read(grantId)).endsAt);
  const outcomes = await Promise.all(
    Array.from({ length: 4 }, () => outcome(extend.run(grantId, staff.engineer, { ...command, seenEndsAt }))),
  );
  expect(outcomes.filter((one) => one === 'done')).toHaveLength(1);
  expect(await intervals(grantId)).toHaveLength(2);
});

it('never brings back what is revoked at the same moment', async () => {
  const { staff, extend, review, changeGrant } = stage;
  for (let round = 0; round < 6; round++) {
    const grantId = await aGrant();
    const id = await extend.run(grantId, staff.engineer, command);
    const yes = await anApproval(stage, id);
    const [approved, revoked] = await Promise.all([
      outcome(review.record(id, staff.approver, yes)),
      outcome(changeGrant.revoke(grantId, staff.admin, 'stop')),
    ]);
    expect(revoked).toBe('done');
    expect(['done', 'REQUEST_NOT_PENDING', 'GRANT_ENDED', 'GRANT_NOT_ACTIVE']).toContain(approved);
    expect(await read(grantId)).toMatchObject({ state: 'ended', endReason: 'revoked' });
    expect((await read(grantId)).extensions).toBe(approved === 'done' ? 1 : 0);
  }
});

it('no longer waits once its grant has ended, so that the resource can be asked for anew', async () => {
  const { staff, extend, review, requests, submit, changeGrant } = stage;
  const grantId = await aGrant();
  const id = await extend.run(grantId, staff.engineer, command);
  const yes = await anApproval(stage, id);
  await changeGrant.revoke(grantId, staff.admin, 'stop');
  expect((await requests.read(staff.engineer, id)).state).toBe('lapsed');
  expect(await requests.list(staff.approver, { view: 'to-review' })).toEqual([]);
  expect(await requests.toReviewCount(staff.approver)).toBe(0);
  expect(await outcome(review.record(id, staff.approver, yes))).toBe('REQUEST_NOT_PENDING');
  expect(await outcome(submit.submit(staff.engineer, aWish()))).toBe('done');
  await tidied();
  expect((await stage.client.accessRequest.findUniqueOrThrow({ where: { id } })).state).toBe('lapsed');
});

it('of a grant that has ended, or of somebody else, is refused', async () => {
  const { staff, extend, changeGrant } = stage;
  const grantId = await aGrant();
  expect(await outcome(extend.run(grantId, staff.outsider, command))).toBe('GRANT_UNKNOWN');
  expect(await outcome(extend.run(grantId, staff.admin, command))).toBe('GRANT_UNKNOWN');
  await changeGrant.return(grantId, staff.engineer);
  expect(await outcome(extend.run(grantId, staff.engineer, command))).toBe('GRANT_ENDED');
});
