import { randomUUID } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dayMs, mib, RecordedShells } from '../../testing/recorded-shells.ts';

let world: RecordedShells;

beforeAll(async () => {
  world = await RecordedShells.start();
});
afterAll(() => world?.stop());
beforeEach(() => world.api.effects.time.advance(61_000));

describe('a recording that is demanded', () => {
  it('is kept as it came, for the owner of the files alone, told of, and handed to an auditor', async () => {
    const session = await world.aSession();
    const body = Buffer.alloc(3 * mib, 'age');
    const head = await world.delivered(session, body);
    const path = join(world.folder, 'recordings', `${head.id}.cast.age`);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(world.folder, 'recordings'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(world.folder, 'recordings'))).toEqual([`${head.id}.cast.age`]);
    const { items } = await world.auditor().listRecordings({ session: session.sessionId });
    expect(items).toMatchObject([
      {
        ...{ id: head.id, state: 'stored', purpose: 'shell', bytes: body.length, sha256: head.sha256 },
        ...{ person: { email: 'engineer@example.com' }, resource: { name: 'web-1-shell' } },
        keptUntil: new Date(world.api.effects.clock.now() + 30 * dayMs).toISOString(),
      },
    ]);
    const blob = await new Response(await world.auditor().openRecording(head.id)).bytes();
    expect(Buffer.from(blob).equals(body)).toBe(true);
    const answer = await world.openBody(head.id);
    expect(answer.headers.get('content-type')).toBe('application/age');
    expect(answer.headers.get('repr-digest')).toContain('sha-256=:');
    expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
    const [stored] = await world.events('recording.stored');
    expect(stored).toMatchObject({
      sessionId: session.sessionId,
      details: { recordingId: head.id, bytes: body.length, sha256: head.sha256, complete: true },
    });
    const [opened] = await world.events('recording.opened');
    expect(opened?.sentence).toBe(
      'auditor@example.com opened the recording of a session of engineer@example.com on web-1-shell',
    );
    await world.end(session);
  });

  it('may be announced and sent again, and never becomes another', async () => {
    const session = await world.aSession();
    const head = world.aRecording(session.sessionId);
    await world.engineer().announceRecording(session.grantId, { ...head, complete: false });
    await world.engineer().announceRecording(session.grantId, head);
    await world.engineer().sendRecording(head.id, new TextEncoder().encode('an encrypted text'));
    await world.engineer().sendRecording(head.id, new Blob(['an encrypted text']).stream());
    expect(await world.send(head.id, 'an encrypted text', { type: 'application/age' })).toEqual({
      status: 204,
    });
    expect(await world.send(head.id, 'an encrypted test')).toMatchObject({
      code: 'RECORDING_ALREADY_STORED',
    });
    await world.engineer().announceRecording(session.grantId, head);
    const other = { ...head, sha256: 'a'.repeat(64) };
    await expect(world.engineer().announceRecording(session.grantId, other)).rejects.toMatchObject({
      code: 'RECORDING_ALREADY_STORED',
    });
    const told = (await world.events('recording.stored')).filter(
      (event) => event.sessionId === session.sessionId,
    );
    expect(told).toMatchObject([{ details: { complete: true } }]);
    await world.end(session);
  });

  it('stays as it was stored when another body, announced before under its id, arrives late', async () => {
    const session = await world.aSession();
    const [early, kept] = [Buffer.from('what came first'), Buffer.from('what was stored')];
    const head = world.aRecording(session.sessionId, early);
    await world.engineer().announceRecording(session.grantId, head);
    const late = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const slowly = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(early.subarray(0, 4)),
      pull: async (controller) => {
        begun.resolve();
        await late.promise;
        controller.enqueue(early.subarray(4));
        controller.close();
      },
    });
    const answer = world.send(head.id, slowly);
    await begun.promise;
    await expect
      .poll(async () => (await readdir(join(world.folder, 'recordings'))).join(' '))
      .toMatch(`${head.id}.cast.age.`);
    await world.engineer().announceRecording(session.grantId, {
      ...world.aRecording(session.sessionId, kept),
      id: head.id,
    });
    expect(await world.send(head.id, kept)).toEqual({ status: 204 });
    late.resolve();
    expect(await answer).toEqual({ status: 422, code: 'RECORDING_DIGEST_MISMATCH' });
    expect(await (await world.openBody(head.id)).text()).toBe('what was stored');
    await world.end(session);
  });

  it('is taken after the grant was revoked, for seven days', async () => {
    const session = await world.aSession();
    await world.api.as('admin').revokeGrant(session.grantId, 'over');
    await world.delivered(session);
    world.api.effects.time.advance(7 * dayMs - 60_000);
    await world.delivered(session);
    world.api.effects.time.advance(120_000);
    await expect(
      world.engineer().announceRecording(session.grantId, world.aRecording(session.sessionId)),
    ).rejects.toMatchObject({ code: 'RECORDING_TOO_LATE' });
  });

  it('is seen by its person as one that exists, and read by nobody but an auditor', async () => {
    const session = await world.aSession();
    const mine = async () =>
      (await world.engineer().listSessions({ view: 'mine' })).items.find(
        ({ id }) => id === session.sessionId,
      );
    expect((await mine())?.recording).toEqual({ state: 'awaited', ids: [] });
    const { id } = await world.delivered(session);
    expect((await mine())?.recording).toEqual({ state: 'stored', ids: [id] });
    for (const who of ['engineer', 'admin', 'approver'] as const) {
      await expect(world.api.as(who).listRecordings({})).rejects.toMatchObject({ code: 'ROLE_MISSING' });
      await expect(world.api.as(who).readRecording(id)).rejects.toMatchObject({ code: 'ROLE_MISSING' });
      const answer = await world.openBody(id, who);
      expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'ROLE_MISSING' }]);
    }
    await world.end(session);
  });
});

describe('a recording is refused', () => {
  it.each([
    ['of nothing that is granted', { grant: 'grt_none' }, 'GRANT_UNKNOWN'],
    ['of another session', { sessionId: 'ses_none' }, 'SESSION_UNKNOWN'],
    ['of more than 64 MiB', { bytes: 64 * mib + 1 }, 'RECORDING_TOO_LARGE'],
    ['for which there is no room', { bytes: 6 * mib + 1 }, 'RECORDING_QUOTA_EXCEEDED'],
    ['that ended before it began', { endedAt: '2020-01-01T00:00:00Z' }, 'INPUT_INVALID'],
    ['under a name that is no id', { id: '../../etc/passwd' }, 'INPUT_INVALID'],
    ['without a digest', { sha256: 'x' }, 'INPUT_INVALID'],
  ])('%s', async (_, given: Record<string, unknown>, code) => {
    const session = await world.aSession();
    const { grant = session.grantId, ...head } = given;
    const told = { ...world.aRecording(session.sessionId), ...head };
    await expect(world.engineer().announceRecording(grant as string, told)).rejects.toMatchObject({ code });
    await world.end(session);
  });

  it('from somebody else than the person of the session', async () => {
    const session = await world.aSession();
    const head = world.aRecording(session.sessionId);
    await expect(world.api.as('admin').announceRecording(session.grantId, head)).rejects.toMatchObject({
      code: 'GRANT_UNKNOWN',
    });
    await world.engineer().announceRecording(session.grantId, head);
    expect(await world.send(head.id, 'an encrypted text', { who: 'admin' })).toMatchObject({
      code: 'RECORDING_UNKNOWN',
    });
    await world.end(session);
  });

  it('where none was demanded', async () => {
    const session = await world.aSession('web-1-open');
    const [seen] = (await world.engineer().listSessions({ view: 'mine' })).items;
    expect(seen?.recording).toBeNull();
    await expect(
      world.engineer().announceRecording(session.grantId, world.aRecording(session.sessionId)),
    ).rejects.toMatchObject({ code: 'RECORDING_NOT_WANTED' });
    await world.end(session);
  });

  it('when more than sixteen are made of one session', async () => {
    const session = await world.aSession();
    const announce = () =>
      world.engineer().announceRecording(session.grantId, world.aRecording(session.sessionId));
    for (let made = 0; made < 16; made++) await announce();
    await expect(announce()).rejects.toMatchObject({ code: 'RECORDING_LIMITED' });
    await world.end(session);
  });

  it('when what arrives is not what was announced, and nothing of it is left', async () => {
    const session = await world.aSession();
    const head = world.aRecording(session.sessionId);
    await world.engineer().announceRecording(session.grantId, head);
    const long = Buffer.alloc(2 * mib);
    const streamed = (body: Buffer) =>
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(body);
          controller.close();
        },
      });
    for (const body of ['an encrypted test', 'short', long, streamed(long), streamed(Buffer.from('short'))])
      expect(await world.send(head.id, body)).toEqual({ status: 422, code: 'RECORDING_DIGEST_MISMATCH' });
    expect(await world.send(head.id, 'an encrypted text', { type: 'text/plain' })).toMatchObject({
      code: 'CONTENT_TYPE_UNSUPPORTED',
    });
    const files = await readdir(join(world.folder, 'recordings'));
    expect(files.filter((name) => name.includes(head.id) || name.endsWith('.part'))).toEqual([]);
    const answer = await world.openBody(head.id);
    expect(await answer.json()).toMatchObject({ code: 'RECORDING_NOT_STORED' });
    await world.end(session);
  });

  it('to an auditor who asks for one that is none', async () => {
    await expect(world.auditor().readRecording(randomUUID())).rejects.toMatchObject({
      code: 'RECORDING_UNKNOWN',
    });
    await expect(world.auditor().listRecordings({ cursor: '1; DROP' })).rejects.toMatchObject({
      code: 'PAGE_CURSOR_INVALID',
    });
  });
});
