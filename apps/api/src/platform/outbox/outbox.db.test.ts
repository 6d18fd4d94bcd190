import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  openTestDatabase,
  startTestServer,
  type TestDatabase,
  type TestServer,
} from '../../testing/database.ts';
import { Outbox, type OutboxHandler } from './outbox.ts';

let server: TestServer;
let database: TestDatabase;
const running: Outbox[] = [];
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.stop());
beforeEach(async () => {
  database = await openTestDatabase(server);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((outbox) => outbox.stop()));
  await database?.close();
});

function anOutbox(handler: OutboxHandler, attemptsMax?: number): Outbox {
  const outbox = new Outbox(database.client, database.effects, database.unitOfWork);
  outbox.register('mail', handler, attemptsMax === undefined ? {} : { attemptsMax });
  running.push(outbox);
  outbox.start();
  return outbox;
}
const queue = (key: string, dueAt?: number) =>
  database.unitOfWork.commit({
    writes: [],
    events: [],
    outbox: [{ topic: 'mail', key, payload: { key }, dueAt }],
  });
const states = async () =>
  (await database.client.outboxEntry.findMany({ orderBy: { key: 'asc' } })).map(
    ({ key, state, attempts }) => ({ key, state, attempts }),
  );

it('does an entry right after the commit, once', async () => {
  const done: string[] = [];
  const outbox = anOutbox(async (_, { key }) => void done.push(key));
  await queue('a');
  await outbox.idle();
  outbox.wake();
  await outbox.idle();
  expect(done).toEqual(['a']);
  expect(await states()).toEqual([{ key: 'a', state: 'done', attempts: 1 }]);
});

it('waits with an entry until it is due by the injected clock', async () => {
  const done: string[] = [];
  const outbox = anOutbox(async (_, { key }) => void done.push(key));
  await queue('later', database.effects.clock.now() + 1_500);
  await outbox.idle();
  expect(done).toEqual([]);
  await database.effects.time.advanceAsync(1_500);
  await outbox.idle();
  expect(done).toEqual(['later']);
});

it('tries again with growing distance and gives up in the end', async () => {
  let tries = 0;
  const outbox = anOutbox(async () => {
    tries++;
    throw Object.assign(new Error('not told'), { code: 'AWS_UNAVAILABLE' });
  }, 12);
  await queue('a');
  for (let round = 0; round < 400; round++) {
    await outbox.idle();
    database.effects.time.advance(1_000);
  }
  await outbox.idle();
  expect(tries).toBe(12);
  expect(await states()).toEqual([{ key: 'a', state: 'dead', attempts: 12 }]);
  expect((await database.client.outboxEntry.findFirstOrThrow()).lastError).toBe('AWS_UNAVAILABLE');
});

it('never gives one entry to two workers, and works on several entries at once', async () => {
  const done: string[] = [];
  let together = 0;
  let most = 0;
  const slowly: OutboxHandler = async (_, { key }) => {
    most = Math.max(most, ++together);
    await database.client.$executeRaw`SELECT pg_sleep(0.03)`;
    together--;
    done.push(key);
  };
  const outboxes = [anOutbox(slowly), anOutbox(slowly)];
  const keys = Array.from({ length: 20 }, (_, n) => `k${n}`);
  await Promise.all(keys.map((key) => queue(key)));
  await Promise.all(outboxes.map((outbox) => outbox.idle()));
  expect(done.toSorted()).toEqual(keys.toSorted());
  expect(most).toBeGreaterThan(1);
});

it('finds at start what was left behind', async () => {
  await queue('left');
  const done: string[] = [];
  await anOutbox(async (_, { key }) => void done.push(key)).idle();
  expect(done).toEqual(['left']);
});

it('lets nothing prompt wait behind what waits for machines, however much of that there is', async () => {
  const done: string[] = [];
  const hold = Promise.withResolvers<void>();
  const outbox = new Outbox(database.client, database.effects, database.unitOfWork);
  let together = 0;
  let most = 0;
  outbox.register(
    'sync',
    async (_, { key }) => {
      most = Math.max(most, ++together);
      await hold.promise;
      together--;
      done.push(key);
    },
    { lane: 'slow' },
  );
  outbox.register('mail', async (_, { key }) => void done.push(key));
  running.push(outbox);
  outbox.start();
  const slow = Array.from({ length: 8 }, (_, n) => `sync-${n}`);
  await database.unitOfWork.commit({
    writes: [],
    events: [],
    outbox: slow.map((key) => ({ topic: 'sync', key, payload: {} })),
  });
  await expect.poll(() => most, { timeout: 30_000 }).toBe(1);
  await queue('revoked');
  await expect.poll(() => done, { timeout: 30_000 }).toEqual(['revoked']);
  hold.resolve();
  await outbox.idle();
  expect(done.toSorted()).toEqual(['revoked', ...slow].toSorted());
  expect(most).toBe(1);
});

it('counts what it gave up, by topic', async () => {
  const outbox = anOutbox(() => Promise.reject(new Error('no')), 1);
  await queue('a');
  await queue('b');
  await outbox.idle();
  expect(await outbox.givenUp()).toEqual([
    { topic: 'mail', entries: 2, lastAt: new Date(database.effects.clock.now()), lastError: 'Error' },
  ]);
});
