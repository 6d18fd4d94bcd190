import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grantOf } from './harness/person.ts';
import { Product } from './harness/product.ts';
import { startInstallation } from '../tools/start/installation.ts';

/** `kill -9` in the middle of approve, issue and revoke: nothing is lost, nothing happens twice, the audit is whole. */
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

type Part = 'api' | 'sandbox';

/** Sends the call, kills the part once `after` milliseconds have passed, and waits until it serves again. */
async function killDuring(part: Part, after: number, call: () => Promise<unknown>): Promise<void> {
  const back = product.installation.restarted(part);
  const outcome = call().catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, after));
  process.kill(product.installation.pid(part), 'SIGKILL');
  await outcome;
  await back;
}

async function count(sql: string, values: unknown[]): Promise<number> {
  const { rows } = await database.query<{ n: string }>(sql, values);
  return Number(rows[0]?.n);
}

const moments = [0, 2, 5, 10, 20];

describe('kill -9', () => {
  it.each(moments)(
    'of the API %i ms into an approval leaves one grant or none, and its audit',
    async (after) => {
      const engineer = product.as('engineer');
      const approver = product.as('approver');
      const requestId = await engineer.asks('prod-rds');
      await killDuring('api', after, () => approver.approves(requestId));
      const { body } = await engineer.get(`/access-requests/${requestId}`);
      expect(['pending', 'approved']).toContain(body.state);
      const grants = await count(`select count(*) n from access_grant where request_id = $1`, [requestId]);
      expect(grants).toBe(body.state === 'approved' ? 1 : 0);
      const activated = await product
        .as('auditor')
        .get(`/audit-events?request=${requestId}&type=grant.activated`);
      expect(activated.body.items).toHaveLength(grants);
      if (body.state === 'pending') expect(await approver.approves(requestId)).toMatchObject({ status: 201 });
      const again = await engineer.get(`/access-requests/${requestId}`);
      await engineer.post(`/grants/${again.body.items[0].grantId}/return`);
    },
  );

  it.each(moments)(
    'of the API %i ms into an issue leaves each lease with its intent and an outcome',
    async (after) => {
      const engineer = product.as('engineer');
      const grantId = await grantOf(engineer, product.as('approver'), 'prod-rds');
      await killDuring('api', after, () => engineer.post(`/grants/${grantId}/leases`));
      const events = await product.as('auditor').get(`/audit-events?grant=${grantId}&limit=100`);
      const types = (events.body.items as { type: string; leaseId: string | null }[]).filter(
        ({ leaseId }) => leaseId,
      );
      const intents = types.filter(({ type }) => type === 'lease.intended');
      const leases = await count('select count(*) n from lease where grant_id = $1', [grantId]);
      expect(intents).toHaveLength(leases);
      // An issue cut off between intent and outcome is told as unknown, never left open.
      for (const { leaseId } of intents)
        expect(
          types.filter((event) => event.leaseId === leaseId && event.type !== 'lease.intended'),
        ).toHaveLength(1);
      expect((await engineer.post(`/grants/${grantId}/leases`)).status).toBe(201);
      await engineer.post(`/grants/${grantId}/return`);
    },
  );

  it.each(moments)(
    'of the API %i ms into a revocation ends the grant once, or not at all and then again',
    async (after) => {
      const engineer = product.as('engineer');
      const grantId = await grantOf(engineer, product.as('approver'), 'prod-rds');
      const revoke = () => product.as('admin').post(`/grants/${grantId}/revoke`, { reason: 'drill' });
      await killDuring('api', after, revoke);
      const first = await engineer.get(`/grants/${grantId}`);
      if (first.body.state !== 'ended') expect((await revoke()).status).toBe(200);
      const ended = await product.as('auditor').get(`/audit-events?grant=${grantId}&type=grant.ended`);
      expect(ended.body.items).toHaveLength(1);
      expect(await engineer.post(`/grants/${grantId}/leases`)).toMatchObject({
        status: 409,
        body: { code: 'GRANT_ENDED' },
      });
    },
  );

  it('of the sandbox during an issue is answered as unavailable or done, and the next issue works', async () => {
    const engineer = product.as('engineer');
    const grantId = await grantOf(engineer, product.as('approver'), 'prod-rds');
    const answers: { status: number; body: { code?: string } }[] = [];
    await killDuring('sandbox', 1, async () =>
      answers.push(await engineer.post(`/grants/${grantId}/leases`)),
    );
    expect([201, 503]).toContain(answers[0]?.status);
    expect((await engineer.post(`/grants/${grantId}/leases`)).status).toBe(201);
    await engineer.post(`/grants/${grantId}/return`);
  });
});

describe('a data directory', () => {
  it('in use is refused, and one left locked by a kill is taken over', async () => {
    await expect(
      startInstallation({ dataDir: product.dataDir, port: 0, environment: process.env }),
    ).rejects.toMatchObject({ code: 'INSTALLATION_IN_USE' });
  });
});

describe('the audit after all that', () => {
  it('has no gap in its positions', async () => {
    const gaps = await count(
      `select count(*) n from (select position - lag(position) over (order by position) as step from audit_event) s where step <> 1`,
      [],
    );
    expect(gaps).toBe(0);
  });

  it('has the same end for every ended grant as the grant itself', async () => {
    const odd = await count(
      `select count(*) n from access_grant g where g.state = 'ended' and (select count(*) from audit_event e where e.grant_id = g.id and e.type = 'grant.ended') <> 1`,
      [],
    );
    expect(odd).toBe(0);
  });
});
