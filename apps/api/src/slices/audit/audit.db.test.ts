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
  const { submit, review, staff } = stage;
  const id = await submit.submit(staff.engineer, aWish());
  await review.record(id, staff.approver, await anApproval(stage, id));
  await submit.submit(staff.second, aWish({ resources: ['staging-rds'], reason: '' }));
});
afterEach(() => stage?.close());

it('pages from the newest to the oldest without losing or repeating an event', async () => {
  const { audit, staff } = stage;
  const seen: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await audit.list(staff.auditor, { limit: 3, cursor });
    seen.push(...page.items.map((event) => event.position));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(seen).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
});

it.each([
  [{ person: 'approver@example.com' }, ['request.approved', 'review.recorded']],
  [{ resource: 'staging-rds', type: 'grant' }, ['grant.activated']],
  [{ type: 'request.submitted' }, ['request.submitted', 'request.submitted']],
  [{ from: '2030-01-01T00:00:00Z' }, []],
  [{ resource: 'prod-rds', person: 'second@example.com' }, []],
])('filters by %j', async (filter, types) => {
  const { items } = await stage.audit.list(stage.staff.admin, filter);
  expect(items.map((event) => event.type)).toEqual(types);
});

it('shows people what they did or what concerns them, and nothing else', async () => {
  const { audit, staff } = stage;
  const sentences = async (person: typeof staff.engineer) =>
    (await audit.list(person, {})).items.map((event) => event.sentence);
  expect(await sentences(staff.engineer)).toHaveLength(4);
  expect(await sentences(staff.outsider)).toEqual([]);
  expect(await sentences(staff.approver)).toEqual([
    'approver@example.com approved prod-rds for engineer@example.com for 30 min',
    'approver@example.com said yes to prod-rds for engineer@example.com',
  ]);
});

it('refuses a cursor that is not one of ours', async () => {
  await expect(stage.audit.list(stage.staff.auditor, { cursor: '1; DROP' })).rejects.toMatchObject({
    code: 'PAGE_CURSOR_INVALID',
  });
});
