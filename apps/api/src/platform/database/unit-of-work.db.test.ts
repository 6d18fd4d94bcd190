import { happened, systemActor } from '@sallyport/access-domain';
import { Problem } from '@sallyport/problems';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LostRace } from './database-refusal.ts';
import { openDatabase } from './open-database.ts';
import type { Transaction } from './unit-of-work.ts';
import {
  availableServers,
  openTestDatabase,
  startTestServer,
  type TestDatabase,
  type TestServer,
} from '../../testing/database.ts';

describe.each(availableServers())('on $name', ({ binaries }) => {
  let server: TestServer;
  let database: TestDatabase;
  beforeAll(async () => {
    server = await startTestServer(binaries);
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    database = await openTestDatabase(server);
  });
  afterEach(() => database?.close());

  const anEvent = () =>
    happened(
      { actor: systemActor, now: database.effects.clock.now(), ids: database.effects.ids },
      'grant.ended',
      {},
      { reason: 'expired', comment: null },
    );
  const addPerson =
    (email: string, roles: string[] = []) =>
    async (transaction: Transaction) =>
      void (await transaction.person.create({
        data: {
          id: `prs_${email}`,
          email,
          name: email,
          roles,
          groups: [],
          createdAt: new Date(0),
          updatedAt: new Date(0),
        },
      }));

  it('commits state, events and outbox entries together and then gives out hints', async () => {
    const { unitOfWork, client, hints } = database;
    let commits = 0;
    unitOfWork.onCommit(() => commits++);
    await unitOfWork.commit({
      writes: [addPerson('a@example.com')],
      events: [anEvent(), anEvent()],
      outbox: [{ topic: 't', key: 'k', payload: { n: 1 } }],
    });
    expect(await client.person.count()).toBe(1);
    expect(
      await client.auditEvent.findMany({ orderBy: { position: 'asc' }, select: { position: true } }),
    ).toEqual([{ position: 1n }, { position: 2n }]);
    expect(await client.outboxEntry.count({ where: { state: 'waiting' } })).toBe(1);
    expect(hints).toMatchObject([{ topic: 'audit', version: 2, audience: { roles: ['admin', 'auditor'] } }]);
    expect(commits).toBe(1);
  });

  it('keeps nothing and gives no hint when one part is refused, and leaves no gap in the positions', async () => {
    const { unitOfWork, client, hints } = database;
    await expect(
      unitOfWork.commit({
        writes: [addPerson('a@example.com'), addPerson('b@example.com', ['root'])],
        events: [anEvent()],
      }),
    ).rejects.toMatchObject({
      code: 'STATE_CHANGE_FORBIDDEN',
      detail: expect.stringContaining('person_roles_known'),
    });
    expect(await client.person.count()).toBe(0);
    expect(hints).toEqual([]);
    await unitOfWork.commit({ writes: [], events: [anEvent()] });
    expect((await client.auditEvent.findFirstOrThrow()).position).toBe(1n);
  });

  it('numbers the events of commits at the same time without gaps', async () => {
    const { unitOfWork, client } = database;
    await Promise.all(
      Array.from({ length: 20 }, () => unitOfWork.commit({ writes: [], events: [anEvent(), anEvent()] })),
    );
    const rows = await client.auditEvent.findMany({ orderBy: { position: 'asc' } });
    expect(rows.map((row) => Number(row.position))).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
  });

  it('decides again from fresh facts when a race was lost, and gives up after a few times', async () => {
    let tries = 0;
    const losing = (until: number) => async () => {
      if (++tries < until) throw new LostRace();
      return 'done';
    };
    expect(await database.unitOfWork.attempt(losing(3))).toBe('done');
    tries = 0;
    await expect(database.unitOfWork.attempt(losing(99))).rejects.toMatchObject({
      code: 'STATE_CHANGED_MEANWHILE',
    });
  });

  it('reads back the time it wrote', async () => {
    const at = new Date('2026-03-29T01:30:00.123Z');
    await database.client.signInAttempt.create({ data: { subject: 's', at, succeeded: true } });
    expect((await database.client.signInAttempt.findFirstOrThrow()).at).toEqual(at);
  });

  it('refuses to open the database as a role that may rewrite the audit', async () => {
    const refusal = await openDatabase({ url: database.ownerUrl }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Problem);
    expect(refusal).toMatchObject({ code: 'DATABASE_SETTING_WRONG' });
  });

  it('says that the database is unavailable when nobody answers there', async () => {
    await expect(openDatabase({ url: 'postgresql://nobody@127.0.0.1:1/none' })).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
    });
  });
});
