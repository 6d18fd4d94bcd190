/** The same refusals by the database alone: whoever gets past the decision meets a named rule. */
import type { AccessRequest, Review } from '@sallyport/access-domain';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { constraintOf } from '../../platform/database/database-refusal.ts';
import type { Write } from '../../platform/database/unit-of-work.ts';
import { startTestServer, type TestServer } from '../../testing/database.ts';
import { anApproval, aStage, aWish, type Stage } from '../../testing/stage.ts';

let server: TestServer;
let stage: Stage;
let request: AccessRequest;
beforeAll(async () => {
  server = await startTestServer();
  stage = await aStage(server);
});
afterAll(async () => {
  await stage?.close();
  await server?.stop();
});
beforeEach(async () => {
  for (const { id } of await stage.requests.list(stage.staff.engineer, { state: 'pending' }))
    await stage.closeRequest.cancel(id, stage.staff.engineer);
  const id = await stage.submit.submit(stage.staff.engineer, aWish());
  request = (await stage.requestStore.find(id))?.request ?? request;
});

const aReview = (given: Partial<Review> = {}): Review => ({
  id: stage.effects.ids.make('rev'),
  requestId: request.id,
  requesterId: request.requester.id,
  reviewer: stage.staff.approver,
  verdict: 'approve',
  comment: null,
  factsDigest: request.factsDigest,
  durationSeconds: null,
  at: stage.effects.clock.now(),
  ...given,
});
const closed = (state: 'approved' | 'denied'): AccessRequest => ({
  ...request,
  state,
  version: request.version + 1,
  decidedAt: stage.effects.clock.now(),
});

/** Commits writes that no decision made; gives the code and the name of the rule that refused. */
async function forge(...writes: Write[]) {
  const refusal: unknown = await stage.unitOfWork
    .commit({ writes, events: [] })
    .catch((error: unknown) => error);
  const { code, cause } = (refusal ?? {}) as { code?: string; cause?: unknown };
  return { code, rule: constraintOf(cause) };
}

it('refuses a review by the requester', async () => {
  expect(await forge(stage.requestStore.insertReview(aReview({ reviewer: stage.staff.engineer })))).toEqual({
    code: 'REVIEW_BY_REQUESTER',
    rule: 'review_not_by_requester',
  });
});

it('refuses a review of other facts', async () => {
  expect(await forge(stage.requestStore.insertReview(aReview({ factsDigest: 'b'.repeat(64) })))).toEqual({
    code: 'REVIEW_DIGEST_MISMATCH',
    rule: 'review_facts_digest_matches',
  });
});

it('refuses a second approval', async () => {
  await stage.review.record(request.id, stage.staff.approver, await anApproval(stage, request.id));
  expect(await forge(stage.requestStore.insertReview(aReview({ reviewer: stage.staff.second })))).toEqual({
    code: 'REQUEST_NOT_PENDING',
    rule: 'review_once_per_request',
  });
});

it('refuses an approval after cancellation', async () => {
  await stage.closeRequest.cancel(request.id, stage.staff.engineer);
  expect(await forge(stage.requestStore.insertReview(aReview()))).toEqual({
    code: 'REQUEST_NOT_PENDING',
    rule: 'review_of_pending_request',
  });
});

it('refuses a forged state change', async () => {
  expect(await forge(stage.requestStore.close(closed('approved')))).toEqual({
    code: 'REQUEST_NOT_PENDING',
    rule: 'access_request_legal_transition',
  });
  const deny = aReview({ verdict: 'deny', comment: 'no' });
  expect(
    await forge(stage.requestStore.insertReview(deny), stage.requestStore.close(closed('approved'))),
  ).toEqual({
    code: 'REQUEST_NOT_PENDING',
    rule: 'access_request_legal_transition',
  });
});

it('refuses a grant that no review gave', async () => {
  const [item] = request.items;
  if (!item) throw new Error('a request has an item');
  const now = stage.effects.clock.now();
  const grant = stage.grantStore.insert({
    ...{
      id: stage.effects.ids.make('grt'),
      version: 1,
      state: 'active',
      requestId: request.id,
      itemId: item.id,
    },
    ...{
      resource: item.resource,
      person: request.requester,
      approvedBy: stage.staff.approver,
      reviewers: [],
    },
    ...{ reason: 'x', createdAt: now, startsAt: now, endsAt: now + 60_000, extensions: 0 },
  });
  expect(await forge(grant)).toEqual({
    code: 'STATE_CHANGE_FORBIDDEN',
    rule: 'grant_needs_approving_review',
  });
});
