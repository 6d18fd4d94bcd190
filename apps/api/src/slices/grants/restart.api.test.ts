import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { DueWork } from '../../platform/jobs/due-work.ts';
import { Outbox } from '../../platform/outbox/outbox.ts';
import { aTestApi, type TestApi } from '../../testing/api.ts';
import { startTestServer, type TestServer } from '../../testing/database.ts';
import { TestPrincipals } from '../../testing/principals.ts';

let server: TestServer;
let principals: TestPrincipals;
let api: TestApi;
let configuration: Parameters<typeof aTestApi>[0];

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.stop());
beforeEach(async () => {
  principals = new TestPrincipals();
  const { ownerUrl: databaseUrl } = await server.freshDatabase();
  configuration = { configuration: { ...(await principals.start()), databaseUrl } };
  api = await aTestApi(configuration);
});
afterEach(async () => {
  await api?.stop();
  await principals?.stop();
});

/** Stops the API, lets time pass without it, and starts it again on the same database. */
async function restartAfter(seconds: number): Promise<void> {
  await api.stop();
  api.effects.time.advance(seconds * 1_000);
  api = await aTestApi({ ...configuration, effects: api.effects });
}

async function run(seconds: number): Promise<void> {
  for (let n = 0; n < seconds; n++) {
    await api.effects.time.advanceAsync(1_000);
    await api.app.get(DueWork).idle();
    await api.app.get(Outbox).idle();
  }
}

async function aGrantInUse(durationSeconds: number) {
  const engineer = api.as('engineer');
  await engineer.submitAccessRequest({ resources: ['staging-rds'], durationSeconds, reason: 'test' });
  const [grant] = (await engineer.listGrants({ view: 'mine', state: 'active' })).items;
  if (!grant) throw new Error('no grant');
  const { instanceId } = await engineer.issueLease(grant.id);
  const start = (end: string) => {
    const ssmSessionId = `jit-${grant.id}-${end}`;
    principals.sessions.push({ ssmSessionId, instanceId, startedAt: api.effects.clock.now() });
    return ssmSessionId;
  };
  return { grant, start };
}

const typesOf = async (grantId: string) =>
  (
    await api.app.get(PrismaClient).auditEvent.findMany({ where: { grantId }, orderBy: { position: 'asc' } })
  ).map(({ type }) => type);

it('goes on sweeping after a restart in the middle, and ends what a lease in hand started meanwhile', async () => {
  const { grant, start } = await aGrantInUse(3_600);
  const first = start('first');
  await api.as('admin').revokeGrant(grant.id, 'stop');
  await run(7);
  expect(principals.terminated).toEqual([first]);
  const second = start('second');
  await restartAfter(20);
  await run(1);
  expect(principals.terminated).toEqual([first, second]);
  const third = start('third');
  await run(110);
  expect(principals.terminated).toEqual([first, second, third]);
  expect((await typesOf(grant.id)).filter((type) => type === 'grant.revoke_confirmed')).toHaveLength(1);
});

it('ends at start-up what ran out while nobody was there, with its sessions, and confirms it once', async () => {
  const { grant, start } = await aGrantInUse(60);
  const session = start('only');
  await restartAfter(600);
  // The database takes its own time: let the clock go on until what is due was done.
  await vi.waitFor(
    async () => {
      await run(1);
      // Looks that are due at once run side by side, and ending twice is ending: it may be told more than once.
      expect([...new Set(principals.terminated)]).toEqual([session]);
    },
    { timeout: 45_000 },
  );
  await restartAfter(60);
  await vi.waitFor(
    async () => {
      await run(1);
      const ends = (await typesOf(grant.id)).filter(
        (type) => type === 'grant.ended' || type.includes('confirmed'),
      );
      expect(ends).toEqual(['grant.ended', 'grant.revoke_confirmed']);
    },
    { timeout: 45_000 },
  );
  const confirmed = await api.app
    .get(PrismaClient)
    .auditEvent.findFirst({ where: { grantId: grant.id, type: 'grant.revoke_confirmed' } });
  expect(confirmed?.details).toMatchObject({ terminated: [session] });
});
