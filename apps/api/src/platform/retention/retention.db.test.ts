import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../testing/database.ts';
import { anApproval, aStage, aWish, type Stage } from '../../testing/stage.ts';
import { keptDays, Retention } from './retention.prisma-store.ts';

const dayMs = 86_400_000;
const keepFlowsDays = 90;

let server: TestServer;
let stage: Stage;
let owner: pg.Client;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.stop());
beforeEach(async () => {
  stage = await aStage(server);
  owner = new pg.Client({ connectionString: stage.ownerUrl });
  await owner.connect();
});
afterEach(async () => {
  await owner?.end();
  await stage?.close();
});

/** A grant with a token of an agent and so many conversations now, and whether the audit log tells of them. */
async function aRoutedGrant(flows: number, audited: boolean): Promise<string> {
  const { submit, review, staff, grants, effects } = stage;
  const requestId = await submit.submit(staff.engineer, aWish());
  await review.record(requestId, staff.approver, await anApproval(stage, requestId));
  const grantId = (await grants.list(staff.engineer, {}))[0]?.id ?? '';
  const now = new Date(effects.clock.now());
  const soon = new Date(now.getTime() + 60_000);
  const agent = `agt_${grantId}`;
  const key = Buffer.from(grantId).toString('base64url').slice(0, 43).padEnd(43, 'a');
  await owner.query(
    `INSERT INTO agent (id, instance_id, public_key, thumbprint, enrolled_by, enrolled_at) VALUES ($1, $1, $2, $2, 'join', $3)`,
    [agent, key, now],
  );
  await owner.query(
    `INSERT INTO agent_token (id, grant_id, person_id, agent_id, thumbprint, issued_at, expires_at) VALUES ($1, $1, $2, $3, $4, $5, $6)`,
    [grantId, staff.engineer.id, agent, key, now, soon],
  );
  await owner.query(
    `INSERT INTO flow_record (agent_id, flow_id, grant_id, person_id, jti, proto, destination, port, bytes_up, bytes_down,
       started_at, ended_at, "end", reported_at, audited)
     SELECT $1, n::text, $2, $3, $2, 'tcp', '10.0.2.60', 8080, 1, 1, $4, $4, 'client', $4, $5 FROM generate_series(1, $6) n`,
    [agent, grantId, staff.engineer.id, now, audited, flows],
  );
  return grantId;
}

const counts = async () => ({
  flows: await stage.client.flowRecord.count(),
  tokens: await stage.client.agentToken.count(),
  outbox: await stage.client.outboxEntry.count(),
});
const job = () => new Retention(stage.client, stage.effects, keepFlowsDays).job();
const run = () => job().run(stage.effects.clock.now());

it('removes conversations after their time and their tokens before, and nothing of the audit log', async () => {
  const grantId = await aRoutedGrant(2_500, true);
  await stage.changeGrant.revoke(grantId, stage.staff.admin, 'no longer needed');
  await stage.client.outboxEntry.updateMany({
    data: { state: 'done', settledAt: new Date(stage.effects.clock.now()) },
  });
  const { outbox } = await counts();
  expect(outbox).toBeGreaterThan(0);
  const events = await stage.client.auditEvent.findMany({ orderBy: { position: 'asc' } });

  stage.effects.time.advance(keptDays.agentTokens * dayMs - 60_000);
  await run();
  expect(await counts()).toEqual({ flows: 2_500, tokens: 1, outbox });
  stage.effects.time.advance(2 * 60_000 + 1);
  await run();
  expect(await counts()).toEqual({ flows: 2_500, tokens: 0, outbox });
  stage.effects.time.advance((keptDays.outboxEntries - keptDays.agentTokens) * dayMs);
  await run();
  expect(await counts()).toEqual({ flows: 2_500, tokens: 0, outbox: 0 });
  stage.effects.time.advance((keepFlowsDays - keptDays.outboxEntries) * dayMs);
  await run();
  expect(await counts()).toEqual({ flows: 0, tokens: 0, outbox: 0 });
  expect(await stage.client.auditEvent.findMany({ orderBy: { position: 'asc' } })).toEqual(events);
  expect(await stage.client.grant.count()).toBe(1);
});

it('keeps what the audit log has not told of, and the tokens of a grant that stands', async () => {
  await aRoutedGrant(3, false);
  stage.effects.time.advance(400 * dayMs);
  await run();
  expect(await counts()).toMatchObject({ flows: 3, tokens: 1 });
});

it('takes many in batches, lets others have their turn, and looks again within a second', async () => {
  const grantId = await aRoutedGrant(20_500, true);
  await stage.changeGrant.revoke(grantId, stage.staff.admin, 'no longer needed');
  stage.effects.time.advance((keepFlowsDays + 1) * dayMs);
  const retention = job();
  await retention.run(stage.effects.clock.now());
  expect(await counts()).toMatchObject({ flows: 500 });
  expect(await retention.nextAt()).toBe(stage.effects.clock.now() + 1_000);
  await retention.run(stage.effects.clock.now());
  expect(await counts()).toMatchObject({ flows: 500 });
  stage.effects.time.advance(1_000);
  await retention.run(stage.effects.clock.now());
  expect(await counts()).toMatchObject({ flows: 0 });
  expect(await retention.nextAt()).toBe(stage.effects.clock.now() + 3_600_000);
});

it('finds what is old by an index', async () => {
  await aRoutedGrant(2_000, true);
  await owner.query('ANALYZE flow_record');
  const { rows } = await owner.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT ctid FROM flow_record WHERE audited AND ended_at < '2020-01-01' LIMIT 1000`,
  );
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('flow_record_to_remove');
});

it('keeps work that was given up longer than work that was done, and not for ever', async () => {
  const now = new Date(stage.effects.clock.now());
  const [topic, key] = ['os-users.sync', 'os-users:web-1:1'];
  await stage.client.outboxEntry.create({
    data: { id: 'out_1', topic, key, payload: {}, state: 'waiting', dueAt: now, createdAt: now },
  });
  await stage.client.outboxEntry.updateMany({
    data: { state: 'dead', attempts: 120, settledAt: now, lastError: 'AWS_DENIED' },
  });
  stage.effects.time.advance(keptDays.givenUp * dayMs);
  await run();
  expect((await counts()).outbox).toBe(1);
  stage.effects.time.advance(1);
  await run();
  expect((await counts()).outbox).toBe(0);
});
