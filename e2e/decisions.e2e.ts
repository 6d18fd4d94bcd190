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

describe('a review', () => {
  it('is refused to the requester, by code and by constraint', async () => {
    const approver = product.as('approver');
    const requestId = await approver.asks('prod-rds');
    expect(await approver.approves(requestId)).toMatchObject({
      status: 403,
      body: { code: 'REVIEW_BY_REQUESTER' },
    });
    const me = await approver.get('/me');
    const forged = await refusedBy(
      `insert into review (id, request_id, reviewer_id, verdict, facts_digest, reviewed_at)
       values ('rev_FORGED0000000000000000000', $1, $2, 'approve', repeat('0', 64), now())`,
      [requestId, me.body.id],
    );
    expect(forged).toMatch(/^review_not_by_requester|^review_/);
    await approver.post(`/access-requests/${requestId}/cancel`);
  });

  it('is refused when the facts are not those shown', async () => {
    const requestId = await product.as('engineer').asks('prod-rds');
    const answer = await product
      .as('approver')
      .post(`/access-requests/${requestId}/reviews`, { verdict: 'approve', factsDigest: '0'.repeat(64) });
    expect(answer).toMatchObject({ status: 409, body: { code: 'REVIEW_DIGEST_MISMATCH' } });
    await product.as('engineer').post(`/access-requests/${requestId}/cancel`);
  });

  it('is refused after cancellation and after another review, by code and by constraint', async () => {
    const engineer = product.as('engineer');
    const approver = product.as('approver');
    const cancelled = await engineer.asks('prod-rds');
    const shown = await approver.get(`/access-requests/${cancelled}`);
    await engineer.post(`/access-requests/${cancelled}/cancel`);
    const late = await approver.post(`/access-requests/${cancelled}/reviews`, {
      verdict: 'approve',
      factsDigest: shown.body.factsDigest as string,
    });
    expect(late).toMatchObject({ status: 409, body: { code: 'REQUEST_NOT_PENDING' } });

    const requestId = await engineer.asks('prod-rds');
    const facts = (await approver.get(`/access-requests/${requestId}`)).body.factsDigest as string;
    const both = await Promise.all(
      [1, 2].map(() =>
        approver.post(`/access-requests/${requestId}/reviews`, { verdict: 'approve', factsDigest: facts }),
      ),
    );
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    const grants = await engineer.get('/grants?view=mine&state=active');
    const mine = (grants.body.items as { id: string; requestId: string }[]).filter(
      (grant) => grant.requestId === requestId,
    );
    expect(mine).toHaveLength(1);

    expect(await refusedBy(`update access_request set state = 'pending' where id = $1`, [requestId])).toMatch(
      /^access_request_/,
    );
    expect(
      await refusedBy(`update access_request set state = 'approved' where id = $1`, [cancelled]),
    ).toMatch(/^access_request_/);
    await engineer.post(`/grants/${mine[0]?.id}/return`);
  });

  it('cannot be made by who is no reviewer of the resource', async () => {
    const requestId = await product.as('engineer').asks('prod-rds');
    const answer = await product
      .as('auditor')
      .post(`/access-requests/${requestId}/reviews`, { verdict: 'approve', factsDigest: '0'.repeat(64) });
    expect([403, 404]).toContain(answer.status);
    expect(['REVIEW_NOT_ALLOWED', 'REQUEST_UNKNOWN', 'TOKEN_SCOPE_MISSING', 'ROLE_MISSING']).toContain(
      answer.body.code,
    );
    await product.as('engineer').post(`/access-requests/${requestId}/cancel`);
  });
});

describe('the audit', () => {
  it('cannot be changed or emptied by the application’s own database role', async () => {
    expect(await refusedBy(`update audit_event set type = 'x'`)).toMatch(/^42501|^audit_event/);
    expect(await refusedBy('delete from audit_event')).toMatch(/^42501|^audit_event/);
    expect(await refusedBy('truncate audit_event')).toMatch(/^42501|^audit_event/);
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
