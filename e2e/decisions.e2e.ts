import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grantOf } from './harness/person.ts';
import { Product } from './harness/product.ts';

/** Who may not, refused by code over HTTP and by a named constraint when the database is written to directly. */
let product: Product;
let database: pg.Client;
beforeAll(async () => {
  product = await Product.start();
  database = new pg.Client({ connectionString: product.installation.databaseEnvironment.DATABASE_URL });
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await product.remove();
});

/** Runs the statement in a transaction of its own and gives the constraint that refused it. */
async function refusedBy(sql: string, values: unknown[] = []): Promise<string | undefined> {
  await database.query('begin');
  try {
    await database.query(sql, values);
    await database.query('set constraints all immediate');
    return undefined;
  } catch (error) {
    const { constraint, code } = error as pg.DatabaseError;
    return constraint ?? code;
  } finally {
    await database.query('rollback');
  }
}

describe('the outsider', () => {
  it('sees none of what no policy gives', async () => {
    const list = await product.as('outsider').get('/resources');
    expect(list.body.items).toEqual([]);
    const one = await product.as('outsider').get('/resources/prod-rds');
    expect(one).toMatchObject({ status: 404, body: { code: 'RESOURCE_UNKNOWN' } });
  });

  it('cannot request it', async () => {
    const answer = await product
      .as('outsider')
      .post('/access-requests', { resources: ['prod-rds'], durationSeconds: 600, reason: 'please' });
    expect(answer).toMatchObject({ status: 404, body: { code: 'RESOURCE_UNKNOWN' } });
  });

  it('cannot see, approve or lease what others asked for', async () => {
    const engineer = product.as('engineer');
    const requestId = await engineer.asks('prod-web');
    const { body } = await engineer.get(`/access-requests/${requestId}`);
    const review = { verdict: 'approve', factsDigest: body.factsDigest as string };
    const outsider = product.as('outsider');
    expect(await outsider.get(`/access-requests/${requestId}`)).toMatchObject({
      status: 404,
      body: { code: 'REQUEST_UNKNOWN' },
    });
    expect(await outsider.post(`/access-requests/${requestId}/reviews`, review)).toMatchObject({
      status: 404,
      body: { code: 'REQUEST_UNKNOWN' },
    });
    await engineer.post(`/access-requests/${requestId}/cancel`);
    const grantId = await grantOf(engineer, product.as('approver'), 'prod-web');
    expect(await outsider.post(`/grants/${grantId}/leases`)).toMatchObject({
      status: 404,
      body: { code: 'GRANT_UNKNOWN' },
    });
    await engineer.post(`/grants/${grantId}/return`);
  });
});

/** A review written past the API, as whoever stole the application's database password might. */
async function forgedReview(requestId: string, requesterId: string, reviewerId: string, factsDigest: string) {
  return refusedBy(
    `insert into review (id, request_id, requester_id, reviewer_id, automatic, verdict, facts_digest, at)
     values ('rev_01JZ8Q4T7M3N5P6R8S9V0W1X2Y', $1, $2, $3, false, 'approve', $4, now())`,
    [requestId, requesterId, reviewerId, factsDigest],
  );
}

async function shownTo(name: 'approver' | 'engineer', requestId: string) {
  const { body } = await product.as(name).get(`/access-requests/${requestId}`);
  return body as { factsDigest: string; requester: { id: string } };
}

const idOf = async (name: 'approver' | 'engineer') =>
  ((await product.as(name).get('/me')).body as { id: string }).id;

describe('a review', () => {
  it('is refused to the requester, by code and by constraint', async () => {
    const approver = product.as('approver');
    const requestId = await approver.asks('prod-rds');
    expect(await approver.approves(requestId)).toMatchObject({
      status: 403,
      body: { code: 'REVIEW_BY_REQUESTER' },
    });
    const { factsDigest, requester } = await shownTo('approver', requestId);
    expect(await forgedReview(requestId, requester.id, requester.id, factsDigest)).toBe(
      'review_not_by_requester',
    );
    await approver.post(`/access-requests/${requestId}/cancel`);
  });

  it('is refused when the facts are not those shown, by code and by constraint', async () => {
    const requestId = await product.as('engineer').asks('prod-rds');
    const factsDigest = '0'.repeat(64);
    const answer = await product
      .as('approver')
      .post(`/access-requests/${requestId}/reviews`, { verdict: 'approve', factsDigest });
    expect(answer).toMatchObject({ status: 409, body: { code: 'REVIEW_DIGEST_MISMATCH' } });
    const { requester } = await shownTo('engineer', requestId);
    expect(await forgedReview(requestId, requester.id, await idOf('approver'), factsDigest)).toBe(
      'review_facts_digest_matches',
    );
    await product.as('engineer').post(`/access-requests/${requestId}/cancel`);
  });

  it('is refused after cancellation, by code and by constraint', async () => {
    const engineer = product.as('engineer');
    const approver = product.as('approver');
    const requestId = await engineer.asks('prod-rds');
    const { factsDigest, requester } = await shownTo('approver', requestId);
    await engineer.post(`/access-requests/${requestId}/cancel`);
    const late = await approver.post(`/access-requests/${requestId}/reviews`, {
      verdict: 'approve',
      factsDigest,
    });
    expect(late).toMatchObject({ status: 409, body: { code: 'REQUEST_NOT_PENDING' } });
    expect(await forgedReview(requestId, requester.id, await idOf('approver'), factsDigest)).toBe(
      'review_of_pending_request',
    );
    const forged = `update access_request set state = 'approved', version = version + 1 where id = $1`;
    expect(await refusedBy(forged, [requestId])).toBe('access_request_legal_transition');
  });

  it('is refused a second time, by code and by constraint, also when both come at once', async () => {
    const engineer = product.as('engineer');
    const approver = product.as('approver');
    const requestId = await engineer.asks('prod-rds');
    const { factsDigest, requester } = await shownTo('approver', requestId);
    const review = { verdict: 'approve', factsDigest };
    const both = await Promise.all(
      [1, 2].map(() => approver.post(`/access-requests/${requestId}/reviews`, review)),
    );
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    const grants = await engineer.get('/grants?view=mine&state=active');
    const mine = (grants.body.items as { id: string; requestId: string }[]).filter(
      (grant) => grant.requestId === requestId,
    );
    expect(mine).toHaveLength(1);
    expect(await forgedReview(requestId, requester.id, await idOf('approver'), factsDigest)).toBe(
      'review_once_per_request',
    );
    const reopened = `update access_request set state = 'pending', decided_at = null, version = version + 1 where id = $1`;
    expect(await refusedBy(reopened, [requestId])).toBe('access_request_legal_transition');
    const longer = `update access_grant set ends_at = ends_at + interval '1 day', version = version + 1 where id = $1`;
    expect(await refusedBy(longer, [mine[0]?.id])).toBe('grant_content_immutable');
    await engineer.post(`/grants/${mine[0]?.id}/return`);
  });

  it('cannot be made by who is no reviewer of the resource', async () => {
    const requestId = await product.as('engineer').asks('prod-rds');
    const { factsDigest } = await shownTo('approver', requestId);
    const answer = await product
      .as('admin')
      .post(`/access-requests/${requestId}/reviews`, { verdict: 'approve', factsDigest });
    expect(answer).toMatchObject({ status: 403, body: { code: 'REVIEW_NOT_ALLOWED' } });
    await product.as('engineer').post(`/access-requests/${requestId}/cancel`);
  });
});

describe('the audit', () => {
  it('cannot be changed or emptied by the application’s own database role', async () => {
    // 42501: insufficient_privilege.
    expect(await refusedBy(`update audit_event set type = 'x'`)).toBe('42501');
    expect(await refusedBy('delete from audit_event')).toBe('42501');
    expect(await refusedBy('truncate audit_event')).toBe('42501');
  });

  it('tells an auditor who asked, who approved, and when it ended', async () => {
    const engineer = product.as('engineer');
    const grantId = await grantOf(engineer, product.as('approver'), 'prod-rds');
    await engineer.post(`/grants/${grantId}/return`);
    const events = await product.as('auditor').get(`/audit-events?grant=${grantId}`);
    const types = (events.body.items as { type: string }[]).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['grant.activated', 'grant.ended']));
  });

  it('shows an engineer only their own', async () => {
    const events = await product.as('outsider').get('/audit-events');
    const actors = (events.body.items ?? []) as { actor: { email: string | null } }[];
    expect(actors.filter(({ actor }) => actor.email !== 'outsider@example.com')).toEqual([]);
  });
});
