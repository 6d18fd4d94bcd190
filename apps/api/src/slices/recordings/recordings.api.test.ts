import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documentsOf } from '@sallyport/catalog';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DueWork } from '../../platform/jobs/due-work.ts';
import { readCatalogFile } from '../../platform/aws/read-catalog-file.ts';
import { sha256Hex } from '../../platform/aws/sha256.ts';
import { RecordingVault } from '../../platform/recordings/recording-vault.ts';
import { testAccount, type AccountName } from '../../testing/accounts.ts';
import { aTestApi, type TestApi } from '../../testing/api.ts';
import { gatewayTags, TestPrincipals } from '../../testing/principals.ts';

const dayMs = 86_400_000;
const mib = 1024 * 1024;
/** Shells in a world of two: one is recorded, the other not. */
const shells = ['web-1-open', 'web-1-shell'];
const open = {
  ...{ name: 'web-1-open', kind: 'shell', environment: 'production', team: 'web', gateway: 'web-1' },
  ...{ connectable: true, title: 'A host', description: 'A host.', runAs: 'web-ops' },
  ...{ encryption: 'none', logs: 'none', recording: { recorded: false, statement: 'No.' } },
};
const policy = (name: string, given: object) => ({
  ...{ name, requesters: ['engineers'], approval: 'automatic', reviewers: ['production-owners'] },
  ...{ duration: { longest: '8h', default: '1h' }, reason: { required: false, example: 'x' } },
  ...{ answerWithin: '1h', resources: { names: shells } },
  ...given,
});

let api: TestApi;
let principals: TestPrincipals;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-recordings-'));
  const [catalogFile, policiesFile] = [join(folder, 'catalog.yaml'), join(folder, 'policies.yaml')];
  const committed = await readFile('config/catalog.yaml', 'utf8');
  await writeFile(
    catalogFile,
    committed.replace('resources:\n', `resources:\n  - ${JSON.stringify(open)}\n`),
  );
  const policies = [
    policy('recorded', {
      resources: { names: ['web-1-shell'] },
      sessions: { clientRecording: 'required' },
    }),
    policy('open', { resources: { names: ['web-1-open'] } }),
  ];
  await writeFile(policiesFile, JSON.stringify({ version: 1, policies }));
  principals = new TestPrincipals();
  const recordings = { days: 30, personBytesMax: 6 * mib, totalBytesMax: 64 * mib };
  const configuration = { ...(await principals.start()), catalogFile, policiesFile, recordings };
  for (const { name, sha256 } of documentsOf(readCatalogFile(catalogFile), sha256Hex))
    principals.documents.set(name, { sha256, active: true });
  const tags = { ...gatewayTags, 'jit-team': 'web', 'jit-host': 'web-1', Name: 'web-1' };
  principals.instances = [{ instanceId: 'i-0aaaaaaaaaaaaaaaa', tags, state: 'online', zone: 'eu-west-1a' }];
  api = await aTestApi({ configuration: { ...configuration, dataDirectory: folder } });
});
afterAll(async () => {
  await api?.stop();
  await principals?.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => api.effects.time.advance(61_000));

const engineer = () => api.as('engineer');
const auditor = () => api.as('auditor');

async function aSession(name = 'web-1-shell'): Promise<{ grantId: string; sessionId: string }> {
  const { items } = await engineer().submitAccessRequest({
    resources: [name],
    durationSeconds: 600,
    reason: '',
  });
  const grantId = items[0]?.grantId ?? '';
  const { id: leaseId } = await engineer().issueLease(grantId);
  const { id } = await engineer().openSession({ grantId, leaseId, clientVersion: '0.1.0' });
  return { grantId, sessionId: id };
}

/** Ends a session and its grant, so that the next may be asked for. */
async function end({ grantId, sessionId }: { grantId: string; sessionId: string }): Promise<void> {
  await engineer().closeSession(sessionId, { reason: 'client_exit', bytesUp: 0, bytesDown: 1 });
  await engineer().returnGrant(grantId);
}

function aRecording(sessionId: string, body = Buffer.from('an encrypted text')) {
  const startedAt = new Date(api.effects.clock.now()).toISOString();
  const sha256 = createHash('sha256').update(body).digest('hex');
  return {
    id: randomUUID(),
    sessionId,
    startedAt,
    endedAt: null,
    bytes: body.length,
    sha256,
    complete: true,
  };
}

async function send(
  id: string,
  body: string | Buffer<ArrayBuffer> | ReadableStream<Uint8Array>,
  given: { who?: AccountName; type?: string } = {},
): Promise<{ status: number; code?: string }> {
  const answer = await fetch(`${api.url}/api/recordings/${id}/body`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${testAccount(given.who ?? 'engineer').token}`,
      'content-type': given.type ?? 'application/octet-stream',
    },
    body,
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  });
  if (answer.status === 204) return { status: 204 };
  const { code } = (await answer.json()) as { code: string };
  return { status: answer.status, code };
}

async function openBody(id: string, who: AccountName = 'auditor'): Promise<Response> {
  const headers = { authorization: `Bearer ${testAccount(who).token}` };
  return fetch(`${api.url}/api/recordings/${id}/body`, { headers });
}

const events = async (type: string) => (await auditor().listAuditEvents({ type, limit: 200 })).items;

/** Announces and sends a recording of a session. */
async function delivered(session: { grantId: string; sessionId: string }, body?: Buffer<ArrayBuffer>) {
  const head = aRecording(session.sessionId, body);
  const { upload } = await engineer().announceRecording(session.grantId, head);
  expect(upload).toBe(`/api/recordings/${head.id}/body`);
  expect(await send(head.id, body ?? Buffer.from('an encrypted text'))).toEqual({ status: 204 });
  return head;
}

describe('a recording that is demanded', () => {
  it('is kept as it came, for the owner of the files alone, told of, and handed to an auditor', async () => {
    const session = await aSession();
    const body = Buffer.alloc(3 * mib, 'age');
    const head = await delivered(session, body);
    const path = join(folder, 'recordings', `${head.id}.cast.age`);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'recordings'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, 'recordings'))).toEqual([`${head.id}.cast.age`]);
    const { items } = await auditor().listRecordings({ session: session.sessionId });
    expect(items).toMatchObject([
      {
        ...{ id: head.id, state: 'stored', purpose: 'shell', bytes: body.length, sha256: head.sha256 },
        ...{ person: { email: 'engineer@example.com' }, resource: { name: 'web-1-shell' } },
        keptUntil: new Date(api.effects.clock.now() + 30 * dayMs).toISOString(),
      },
    ]);
    const blob = await new Response(await auditor().openRecording(head.id)).bytes();
    expect(Buffer.from(blob).equals(body)).toBe(true);
    const answer = await openBody(head.id);
    expect(answer.headers.get('content-type')).toBe('application/age');
    expect(answer.headers.get('repr-digest')).toContain('sha-256=:');
    expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
    const [stored] = await events('recording.stored');
    expect(stored).toMatchObject({
      sessionId: session.sessionId,
      details: { recordingId: head.id, bytes: body.length, sha256: head.sha256, complete: true },
    });
    const [opened] = await events('recording.opened');
    expect(opened?.sentence).toBe(
      'auditor@example.com opened the recording of a session of engineer@example.com on web-1-shell',
    );
    await end(session);
  });

  it('may be announced and sent again, and never becomes another', async () => {
    const session = await aSession();
    const head = aRecording(session.sessionId);
    await engineer().announceRecording(session.grantId, { ...head, complete: false });
    await engineer().announceRecording(session.grantId, head);
    await engineer().sendRecording(head.id, new TextEncoder().encode('an encrypted text'));
    await engineer().sendRecording(head.id, new Blob(['an encrypted text']).stream());
    expect(await send(head.id, 'an encrypted text', { type: 'application/age' })).toEqual({ status: 204 });
    expect(await send(head.id, 'an encrypted test')).toMatchObject({ code: 'RECORDING_ALREADY_STORED' });
    await engineer().announceRecording(session.grantId, head);
    const other = { ...head, sha256: 'a'.repeat(64) };
    await expect(engineer().announceRecording(session.grantId, other)).rejects.toMatchObject({
      code: 'RECORDING_ALREADY_STORED',
    });
    const told = (await events('recording.stored')).filter((event) => event.sessionId === session.sessionId);
    expect(told).toMatchObject([{ details: { complete: true } }]);
    await end(session);
  });

  it('stays as it was stored when another body, announced before under its id, arrives late', async () => {
    const session = await aSession();
    const [early, kept] = [Buffer.from('what came first'), Buffer.from('what was stored')];
    const head = aRecording(session.sessionId, early);
    await engineer().announceRecording(session.grantId, head);
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
    const answer = send(head.id, slowly);
    await begun.promise;
    await expect
      .poll(async () => (await readdir(join(folder, 'recordings'))).join(' '))
      .toMatch(`${head.id}.cast.age.`);
    await engineer().announceRecording(session.grantId, {
      ...aRecording(session.sessionId, kept),
      id: head.id,
    });
    expect(await send(head.id, kept)).toEqual({ status: 204 });
    late.resolve();
    expect(await answer).toEqual({ status: 422, code: 'RECORDING_DIGEST_MISMATCH' });
    expect(await (await openBody(head.id)).text()).toBe('what was stored');
    await end(session);
  });

  it('is taken after the grant was revoked, for seven days', async () => {
    const session = await aSession();
    await api.as('admin').revokeGrant(session.grantId, 'over');
    await delivered(session);
    api.effects.time.advance(7 * dayMs - 60_000);
    await delivered(session);
    api.effects.time.advance(120_000);
    await expect(
      engineer().announceRecording(session.grantId, aRecording(session.sessionId)),
    ).rejects.toMatchObject({ code: 'RECORDING_TOO_LATE' });
  });

  it('is seen by its person as one that exists, and read by nobody but an auditor', async () => {
    const session = await aSession();
    const mine = async () =>
      (await engineer().listSessions({ view: 'mine' })).items.find(({ id }) => id === session.sessionId);
    expect((await mine())?.recording).toEqual({ state: 'awaited', ids: [] });
    const { id } = await delivered(session);
    expect((await mine())?.recording).toEqual({ state: 'stored', ids: [id] });
    for (const who of ['engineer', 'admin', 'approver'] as const) {
      await expect(api.as(who).listRecordings({})).rejects.toMatchObject({ code: 'ROLE_MISSING' });
      await expect(api.as(who).readRecording(id)).rejects.toMatchObject({ code: 'ROLE_MISSING' });
      const answer = await openBody(id, who);
      expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'ROLE_MISSING' }]);
    }
    await end(session);
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
    const session = await aSession();
    const { grant = session.grantId, ...head } = given;
    const told = { ...aRecording(session.sessionId), ...head };
    await expect(engineer().announceRecording(grant as string, told)).rejects.toMatchObject({ code });
    await end(session);
  });

  it('from somebody else than the person of the session', async () => {
    const session = await aSession();
    const head = aRecording(session.sessionId);
    await expect(api.as('admin').announceRecording(session.grantId, head)).rejects.toMatchObject({
      code: 'GRANT_UNKNOWN',
    });
    await engineer().announceRecording(session.grantId, head);
    expect(await send(head.id, 'an encrypted text', { who: 'admin' })).toMatchObject({
      code: 'RECORDING_UNKNOWN',
    });
    await end(session);
  });

  it('where none was demanded', async () => {
    const session = await aSession('web-1-open');
    const [seen] = (await engineer().listSessions({ view: 'mine' })).items;
    expect(seen?.recording).toBeNull();
    await expect(
      engineer().announceRecording(session.grantId, aRecording(session.sessionId)),
    ).rejects.toMatchObject({ code: 'RECORDING_NOT_WANTED' });
    await end(session);
  });

  it('when more than sixteen are made of one session', async () => {
    const session = await aSession();
    const announce = () => engineer().announceRecording(session.grantId, aRecording(session.sessionId));
    for (let made = 0; made < 16; made++) await announce();
    await expect(announce()).rejects.toMatchObject({ code: 'RECORDING_LIMITED' });
    await end(session);
  });

  it('when what arrives is not what was announced, and nothing of it is left', async () => {
    const session = await aSession();
    const head = aRecording(session.sessionId);
    await engineer().announceRecording(session.grantId, head);
    const long = Buffer.alloc(2 * mib);
    const streamed = (body: Buffer) =>
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(body);
          controller.close();
        },
      });
    for (const body of ['an encrypted test', 'short', long, streamed(long), streamed(Buffer.from('short'))])
      expect(await send(head.id, body)).toEqual({ status: 422, code: 'RECORDING_DIGEST_MISMATCH' });
    expect(await send(head.id, 'an encrypted text', { type: 'text/plain' })).toMatchObject({
      code: 'CONTENT_TYPE_UNSUPPORTED',
    });
    const files = await readdir(join(folder, 'recordings'));
    expect(files.filter((name) => name.includes(head.id) || name.endsWith('.part'))).toEqual([]);
    const answer = await openBody(head.id);
    expect(await answer.json()).toMatchObject({ code: 'RECORDING_NOT_STORED' });
    await end(session);
  });

  it('to an auditor who asks for one that is none', async () => {
    await expect(auditor().readRecording(randomUUID())).rejects.toMatchObject({ code: 'RECORDING_UNKNOWN' });
    await expect(auditor().listRecordings({ cursor: '1; DROP' })).rejects.toMatchObject({
      code: 'PAGE_CURSOR_INVALID',
    });
  });
});

describe('as time goes by', () => {
  const idle = async (milliseconds: number) => {
    api.effects.time.advance(milliseconds);
    api.app.get(DueWork).wake();
    await api.app.get(DueWork).idle();
  };

  it('a recording that did not come within a day is told of once', async () => {
    const without = await aSession();
    await end(without);
    api.effects.time.advance(61_000);
    const recorded = await aSession();
    await delivered(recorded);
    await end(recorded);
    const told = async () => (await events('recording.missing')).map((event) => event.sessionId);
    await idle(dayMs - 120_000);
    expect(await told()).not.toContain(without.sessionId);
    await idle(180_000);
    await idle(dayMs);
    const all = await told();
    expect(all.filter((id) => id === without.sessionId)).toHaveLength(1);
    expect(all).not.toContain(recorded.sessionId);
    const sessions = (await engineer().listSessions({ view: 'mine' })).items;
    expect(sessions.find(({ id }) => id === without.sessionId)?.recording).toEqual({
      state: 'missing',
      ids: [],
    });
  });

  it('a part that did not come is told of, whatever others came', async () => {
    const at = (ms: number) => new Date(api.effects.clock.now() + ms).toISOString();
    const minute = 60_000;
    const begun = () => ({ startedAt: at(0), endedAt: at(2 * minute) });
    const cases: [name: string, parts: object[], announced: object[], told: number | undefined][] = [
      ['all came', [begun(), { startedAt: at(2 * minute - 1), endedAt: at(4 * minute) }], [], undefined],
      ['one was announced alone', [begun()], [{ startedAt: at(2 * minute), endedAt: at(4 * minute) }], 1],
      ['the middle one', [begun(), { startedAt: at(4 * minute), endedAt: at(5 * minute) }], [], 2],
    ];
    const sessions = new Map<string, number | undefined>();
    for (const [, parts, announced, told] of cases) {
      const session = await aSession();
      for (const part of [...parts, ...announced]) {
        const head = { ...aRecording(session.sessionId), ...part };
        await engineer().announceRecording(session.grantId, head);
        if (parts.includes(part)) await send(head.id, 'an encrypted text');
      }
      await end(session);
      sessions.set(session.sessionId, told);
      api.effects.time.advance(61_000);
    }
    await idle(dayMs + 1);
    const missing = await events('recording.missing');
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
    const session = await aSession();
    const startedAt = new Date(api.effects.clock.now()).toISOString();
    const head = { ...aRecording(session.sessionId), startedAt, endedAt: startedAt };
    await engineer().announceRecording(session.grantId, head);
    await send(head.id, 'an encrypted text');
    for (let beat = 0; beat < 2 * minutes; beat++) {
      api.effects.time.advance(30_000);
      await engineer().beatSession(session.sessionId, { state: 'open', bytesUp: 0, bytesDown: 0 });
    }
    await end(session);
    await idle(dayMs + 1);
    const all = (await events('recording.missing')).map(({ sessionId }) => sessionId);
    expect(all.filter((id) => id === session.sessionId)).toHaveLength(told);
  });

  it('a lease that demanded a recording and under which no session was told of is told of once', async () => {
    const before = (await events('recording.untold')).length;
    const { items } = await engineer().submitAccessRequest({
      ...{ resources: ['web-1-shell'], durationSeconds: 600, reason: '' },
    });
    const grantId = items[0]?.grantId ?? '';
    const { id: unused } = await engineer().issueLease(grantId);
    api.effects.time.advance(130_000 + 5 * 60_000);
    const { id: leaseId } = await engineer().issueLease(grantId);
    const { id } = await engineer().openSession({ grantId, leaseId, clientVersion: '0.1.0' });
    // The same session brought back by a further lease.
    api.effects.time.advance(30_000);
    await engineer().issueLease(grantId);
    await end({ grantId, sessionId: id });
    await idle(dayMs + 3_600_000);
    await idle(3_600_001);
    const told = (await events('recording.untold')).slice(0, -before || undefined);
    expect(told.map((event) => event.leaseId)).toEqual([unused]);
    expect(told[0]).toMatchObject({ grantId, details: { accessKeyId: 'ASIAEXAMPLE' } });
    expect(told[0]?.sentence).toBe(
      'engineer@example.com was handed a lease of web-1-shell that demanded a recording, and no session was told of',
    );
  });

  it('a body that its vault still locks is asked for again later, and its head tells the truth', async () => {
    const session = await aSession();
    const head = await delivered(session);
    await end(session);
    const remove = vi.spyOn(api.app.get(RecordingVault), 'remove').mockResolvedValue(false);
    await idle(30 * dayMs + 1_000);
    expect(await auditor().readRecording(head.id)).toMatchObject({ state: 'stored' });
    const asked = remove.mock.calls.length;
    await idle(1_000);
    expect(remove.mock.calls).toHaveLength(asked);
    remove.mockRestore();
    await idle(6 * 3_600_000);
    expect(await auditor().readRecording(head.id)).toMatchObject({ state: 'removed' });
  });

  it('a body is removed when its time is over, and its head stays', async () => {
    const session = await aSession();
    const head = await delivered(session);
    await end(session);
    await idle(30 * dayMs + 1_000);
    expect(await readdir(join(folder, 'recordings'))).toEqual([]);
    expect(await auditor().readRecording(head.id)).toMatchObject({
      state: 'removed',
      sha256: head.sha256,
      keptUntil: null,
    });
    const answer = await openBody(head.id);
    expect([answer.status, await answer.json()]).toMatchObject([410, { code: 'RECORDING_REMOVED' }]);
    const removed = (await events('recording.removed')).find(
      (event) => event.sessionId === session.sessionId,
    );
    expect(removed?.details).toMatchObject({ recordingId: head.id, keptDays: 30 });
  });
});
