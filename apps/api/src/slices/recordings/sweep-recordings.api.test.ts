import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DueWork } from '../../platform/jobs/due-work.ts';
import { RecordingVault } from '../../platform/recordings/recording-vault.ts';
import { dayMs, RecordedShells } from '../../testing/recorded-shells.ts';

let world: RecordedShells;

beforeAll(async () => {
  world = await RecordedShells.start();
});
afterAll(() => world?.stop());
beforeEach(() => world.api.effects.time.advance(61_000));

describe('as time goes by', () => {
  const idle = async (milliseconds: number) => {
    world.api.effects.time.advance(milliseconds);
    world.api.app.get(DueWork).wake();
    await world.api.app.get(DueWork).idle();
  };

  it('a recording that did not come within a day is told of once', async () => {
    const without = await world.aSession();
    await world.end(without);
    world.api.effects.time.advance(61_000);
    const recorded = await world.aSession();
    await world.delivered(recorded);
    await world.end(recorded);
    const told = async () => (await world.events('recording.missing')).map((event) => event.sessionId);
    await idle(dayMs - 120_000);
    expect(await told()).not.toContain(without.sessionId);
    await idle(180_000);
    await idle(dayMs);
    const all = await told();
    expect(all.filter((id) => id === without.sessionId)).toHaveLength(1);
    expect(all).not.toContain(recorded.sessionId);
    const sessions = (await world.engineer().listSessions({ view: 'mine' })).items;
    expect(sessions.find(({ id }) => id === without.sessionId)?.recording).toEqual({
      state: 'missing',
      ids: [],
    });
  });

  it('a part that did not come is told of, whatever others came', async () => {
    const at = (ms: number) => new Date(world.api.effects.clock.now() + ms).toISOString();
    const minute = 60_000;
    const begun = () => ({ startedAt: at(0), endedAt: at(2 * minute) });
    const cases: [name: string, parts: object[], announced: object[], told: number | undefined][] = [
      ['all came', [begun(), { startedAt: at(2 * minute - 1), endedAt: at(4 * minute) }], [], undefined],
      ['one was announced alone', [begun()], [{ startedAt: at(2 * minute), endedAt: at(4 * minute) }], 1],
      ['the middle one', [begun(), { startedAt: at(4 * minute), endedAt: at(5 * minute) }], [], 2],
    ];
    const sessions = new Map<string, number | undefined>();
    for (const [, parts, announced, told] of cases) {
      const session = await world.aSession();
      for (const part of [...parts, ...announced]) {
        const head = { ...world.aRecording(session.sessionId), ...part };
        await world.engineer().announceRecording(session.grantId, head);
        if (parts.includes(part)) await world.send(head.id, 'an encrypted text');
      }
      await world.end(session);
      sessions.set(session.sessionId, told);
      world.api.effects.time.advance(61_000);
    }
    await idle(dayMs + 1);
    const missing = await world.events('recording.missing');
    for (const [id, parts] of sessions) {
      const found = missing.filter(({ sessionId }) => sessionId === id);
      expect(found).toHaveLength(parts === undefined ? 0 : 1);
      if (parts !== undefined) expect(found[0]?.details).toMatchObject({ parts });
    }
    expect(missing.find(({ details }) => 'parts' in details)?.sentence).toContain(
      'Not all of the recording came',
    );
  });

  it.each([
    [4, 0],
    [8, 1],
  ])('a session of %i minutes with a recording of none is told of %i times', async (minutes, told) => {
    const session = await world.aSession();
    const startedAt = new Date(world.api.effects.clock.now()).toISOString();
    const head = { ...world.aRecording(session.sessionId), startedAt, endedAt: startedAt };
    await world.engineer().announceRecording(session.grantId, head);
    await world.send(head.id, 'an encrypted text');
    for (let beat = 0; beat < 2 * minutes; beat++) {
      world.api.effects.time.advance(30_000);
      await world.engineer().beatSession(session.sessionId, { state: 'open', bytesUp: 0, bytesDown: 0 });
    }
    await world.end(session);
    await idle(dayMs + 1);
    const all = (await world.events('recording.missing')).map(({ sessionId }) => sessionId);
    expect(all.filter((id) => id === session.sessionId)).toHaveLength(told);
  });

  it('a lease that demanded a recording and under which no session was told of is told of once', async () => {
    const before = (await world.events('recording.untold')).length;
    const { items } = await world.engineer().submitAccessRequest({
      ...{ resources: ['web-1-shell'], durationSeconds: 600, reason: '' },
    });
    const grantId = items[0]?.grantId ?? '';
    const { id: unused } = await world.engineer().issueLease(grantId);
    world.api.effects.time.advance(130_000 + 5 * 60_000);
    const { id: leaseId } = await world.engineer().issueLease(grantId);
    const { id } = await world.engineer().openSession({ grantId, leaseId, clientVersion: '0.1.0' });
    // The same session brought back by a further lease.
    world.api.effects.time.advance(30_000);
    await world.engineer().issueLease(grantId);
    await world.end({ grantId, sessionId: id });
    await idle(dayMs + 3_600_000);
    await idle(3_600_001);
    const told = (await world.events('recording.untold')).slice(0, -before || undefined);
    expect(told.map((event) => event.leaseId)).toEqual([unused]);
    expect(told[0]).toMatchObject({ grantId, details: { accessKeyId: 'ASIAEXAMPLE' } });
    expect(told[0]?.sentence).toBe(
      'engineer@example.com was handed a lease of web-1-shell that demanded a recording, and no session was told of',
    );
  });

  it('a body that its vault still locks is asked for again later, and its head tells the truth', async () => {
    const session = await world.aSession();
    const head = await world.delivered(session);
    await world.end(session);
    const remove = vi.spyOn(world.api.app.get(RecordingVault), 'remove').mockResolvedValue(false);
    await idle(30 * dayMs + 1_000);
    expect(await world.auditor().readRecording(head.id)).toMatchObject({ state: 'stored' });
    const asked = remove.mock.calls.length;
    await idle(1_000);
    expect(remove.mock.calls).toHaveLength(asked);
    remove.mockRestore();
    await idle(6 * 3_600_000);
    expect(await world.auditor().readRecording(head.id)).toMatchObject({ state: 'removed' });
  });

  it('a body is removed when its time is over, and its head stays', async () => {
    const session = await world.aSession();
    const head = await world.delivered(session);
    await world.end(session);
    await idle(30 * dayMs + 1_000);
    expect(await readdir(join(world.folder, 'recordings'))).toEqual([]);
    expect(await world.auditor().readRecording(head.id)).toMatchObject({
      state: 'removed',
      sha256: head.sha256,
      keptUntil: null,
    });
    const answer = await world.openBody(head.id);
    expect([answer.status, await answer.json()]).toMatchObject([410, { code: 'RECORDING_REMOVED' }]);
    const removed = (await world.events('recording.removed')).find(
      (event) => event.sessionId === session.sessionId,
    );
    expect(removed?.details).toMatchObject({ recordingId: head.id, keptDays: 30 });
  });
});
