import type { Grant } from '@sallyport/api-client';
import { Problem, type ProblemCode } from '@sallyport/problems';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { DueWork } from '../../platform/jobs/due-work.ts';
import { aTestApi, type TestApi } from '../../testing/api.ts';
import { gatewayTags, leaseCanaries, TestPrincipals } from '../../testing/principals.ts';

let api: TestApi;
let database: PrismaClient;
let principals: TestPrincipals;
const lines: string[] = [];
const pristine = new TestPrincipals();

beforeAll(async () => {
  principals = new TestPrincipals();
  const configuration = { ...(await principals.start()), awsEndpoint: 'http://127.0.0.1:4566' };
  api = await aTestApi({ configuration, destination: { write: (line) => void lines.push(line) } });
  database = api.app.get(PrismaClient);
});
afterAll(async () => {
  await api?.stop();
  await principals?.stop();
});
beforeEach(() => {
  principals.instances = pristine.instances;
  principals.answer = pristine.answer;
  principals.orders.length = 0;
  // The limit of leases counts by the minute.
  api.effects.time.advance(61_000);
});

/** A grant of staging-rds, which a policy approves by itself. */
async function aGrant(durationSeconds = 3_600): Promise<Grant> {
  const engineer = api.as('engineer');
  for (const { id } of (await engineer.listGrants({ view: 'mine', state: 'active' })).items)
    await engineer.returnGrant(id);
  await engineer.submitAccessRequest({ resources: ['staging-rds'], durationSeconds, reason: 'test' });
  const [grant] = (await engineer.listGrants({ view: 'mine', state: 'active' })).items;
  if (!grant) throw new Error('no grant');
  return grant;
}

async function tidied(): Promise<void> {
  const dueWork = api.app.get(DueWork);
  dueWork.wake();
  await dueWork.idle();
}

const eventsOf = (grantId: string) =>
  database.auditEvent.findMany({
    where: { grantId, type: { startsWith: 'lease.' } },
    orderBy: { position: 'asc' },
  });
const typesOf = async (grantId: string) => (await eventsOf(grantId)).map(({ type }) => type);

describe('a lease', () => {
  it('is issued for the gateway and document of the grant, and ends after two minutes', async () => {
    const grant = await aGrant();
    const now = api.effects.clock.now();
    const lease = await api.as('engineer').issueLease(grant.id);
    const { id: personId } = await api.as('engineer').readMe();
    expect(principals.orders).toEqual([
      {
        grantId: grant.id,
        personId,
        accountId: '111122223333',
        region: 'eu-west-1',
        instanceId: 'i-0123456789abcdef0',
        instanceTags: gatewayTags,
        documentName: lease.documentName,
        databaseUser: null,
        osUser: null,
        runAs: null,
        keyArn: null,
        team: 'platform',
        leaseEndsAt: now + 120_000,
      },
    ]);
    expect(lease).toMatchObject({
      state: 'issued',
      grantId: grant.id,
      usefulUntil: new Date(now + 120_000).toISOString(),
      sessionReason: `grant:${grant.id}`,
      sessionNamePrefix: `jit-${grant.id}`,
      endpoint: 'http://127.0.0.1:4566',
      documentName: expect.stringMatching(/^jit-fwd-[0-9a-f]{8}$/) as string,
      credentials: { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: leaseCanaries[0] },
      resource: { name: 'staging-rds', host: 'staging-db.internal', port: 5432, protocol: 'postgresql' },
    });
    expect(await typesOf(grant.id)).toEqual(['lease.intended', 'lease.issued']);
  });

  it('leads around gateways that the client found dead while there is another, and the events say so', async () => {
    const grant = await aGrant();
    const [first] = pristine.instances;
    const second = { ...first!, instanceId: 'i-0fedcba9876543210' };
    const third = { ...second, instanceId: 'i-0aaaaaaaaaaaaaaaa', state: 'lost' as const };
    principals.instances = [third, first!, second];
    const led = async (...avoid: string[]) =>
      (await api.as('engineer').issueLease(grant.id, { avoid })).instanceId;
    expect(await led()).toBe(first!.instanceId);
    expect(await led(first!.instanceId)).toBe(second.instanceId);
    // All were found dead: one that AWS calls healthy all the same, the longest ago.
    expect(await led(first!.instanceId, second.instanceId)).toBe(first!.instanceId);
    expect(await led(second.instanceId, first!.instanceId)).toBe(second.instanceId);
    expect(principals.orders.map(({ instanceId }) => instanceId)).toEqual([
      ...[first!.instanceId, second.instanceId],
      ...[first!.instanceId, second.instanceId],
    ]);
    const intents = (await eventsOf(grant.id)).filter(({ type }) => type === 'lease.intended');
    expect(intents.map(({ details }) => details).slice(0, 2)).toMatchObject([
      { instanceId: first!.instanceId, avoided: [] },
      { instanceId: second.instanceId, avoided: [first!.instanceId] },
    ]);
  });

  it('takes an avoided nothing for an empty list', async () => {
    const grant = await aGrant();
    const lease = await api.as('engineer').issueLease(grant.id, { avoid: null as unknown as string[] });
    expect(lease.state).toBe('issued');
  });

  it.each([
    ['an id that is none', ['i-0123456789abcdef0', 'bastion-a']],
    ['a pattern', ['i-*']],
    ['more than eight', Array.from({ length: 9 }, (_, n) => `i-0123456789abcde0${n}`)],
    ['no list', 'i-0123456789abcdef0'],
  ])('is not issued when the client avoids %s', async (_, avoid) => {
    const grant = await aGrant();
    const asked = api.as('engineer').issueLease(grant.id, { avoid: avoid as string[] });
    await expect(asked).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(principals.orders).toEqual([]);
  });

  it('never outlives its grant', async () => {
    const grant = await aGrant(3_600);
    api.effects.time.advance(3_590_000);
    const lease = await api.as('engineer').issueLease(grant.id);
    expect(lease.usefulUntil).toBe(grant.endsAt);
  });

  it('is issued at the very start of a scheduled grant, whose beginning is then written down with it', async () => {
    const [dueWork, engineer] = [api.app.get(DueWork), api.as('engineer')];
    const startsAt = new Date(api.effects.clock.now() + 60_000).toISOString();
    const wish = { resources: ['staging-rds'], durationSeconds: 600, reason: 'test', startsAt };
    await engineer.submitAccessRequest(wish);
    const [grant] = (await engineer.listGrants({ view: 'mine', state: 'scheduled' })).items;
    await expect(engineer.issueLease(grant!.id)).rejects.toMatchObject({ code: 'GRANT_NOT_ACTIVE' });
    // The timer is late: nobody has written that the grant is active.
    await dueWork.stop();
    api.effects.time.advance(60_000);
    const issued = await Promise.all([engineer.issueLease(grant!.id), engineer.issueLease(grant!.id)]);
    expect(issued.map(({ state }) => state)).toEqual(['issued', 'issued']);
    await dueWork.start();
    const begun = { grantId: grant!.id, type: 'grant.activated' };
    expect(await database.auditEvent.count({ where: begun })).toBe(1);
    await engineer.returnGrant(grant!.id);
  });

  it('lapses when its time is over, and is cut when its grant ends before', async () => {
    const grant = await aGrant();
    const stateOf = async (id: string) => (await database.lease.findUniqueOrThrow({ where: { id } })).state;
    const lapsing = await api.as('engineer').issueLease(grant.id);
    api.effects.time.advance(119_999);
    await tidied();
    expect(await stateOf(lapsing.id)).toBe('issued');
    api.effects.time.advance(1);
    await tidied();
    expect(await stateOf(lapsing.id)).toBe('lapsed');
    const cut = await api.as('engineer').issueLease(grant.id);
    await api.as('admin').revokeGrant(grant.id, 'stop');
    expect([await stateOf(lapsing.id), await stateOf(cut.id)]).toEqual(['lapsed', 'cut']);
  });

  it('is cut although AWS gave it only after its grant had ended', async () => {
    const grant = await aGrant();
    principals.answer = async () => void (await api.as('admin').revokeGrant(grant.id, 'stop'));
    await expect(api.as('engineer').issueLease(grant.id)).rejects.toMatchObject({ code: 'GRANT_ENDED' });
    await tidied();
    const leases = await database.lease.findMany({ where: { grantId: grant.id } });
    expect(leases.map(({ state }) => state)).toEqual(['cut']);
  });

  it('leaves its secret in no row, event or log line', async () => {
    const grant = await aGrant();
    await api.as('engineer').issueLease(grant.id);
    const tables = [
      await database.lease.findMany(),
      await database.auditEvent.findMany(),
      await database.outboxEntry.findMany(),
    ];
    const kept = JSON.stringify(tables, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    expect(kept).toContain('ASIAEXAMPLE');
    expect(
      [kept, lines.join('')].flatMap((text) => leaseCanaries.filter((canary) => text.includes(canary))),
    ).toEqual([]);
    expect(lines.some((line) => line.includes('lease issued'))).toBe(true);
  });
});

describe('is refused, and AWS not asked,', () => {
  const refusedWith = async (
    grantId: string,
    code: ProblemCode,
    as: 'engineer' | 'admin' | 'outsider' = 'engineer',
  ) => {
    await expect(api.as(as).issueLease(grantId)).rejects.toMatchObject({ code });
    expect(principals.orders).toEqual([]);
  };

  it('to anybody but the person of the grant, who learn nothing of it', async () => {
    const grant = await aGrant();
    await refusedWith(grant.id, 'GRANT_UNKNOWN', 'outsider');
    await refusedWith(grant.id, 'GRANT_UNKNOWN', 'admin');
    await refusedWith('grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y', 'GRANT_UNKNOWN');
    expect(await typesOf(grant.id)).toEqual([]);
  });

  it('after the grant was given back, was revoked, or expired by the clock alone', async () => {
    const returned = await aGrant();
    await api.as('engineer').returnGrant(returned.id);
    await refusedWith(returned.id, 'GRANT_ENDED');
    const revoked = await aGrant();
    await api.as('admin').revokeGrant(revoked.id, 'not needed');
    const refusal = (await api
      .as('engineer')
      .issueLease(revoked.id)
      .catch((error: unknown) => error)) as { document: unknown };
    expect(refusal.document).toMatchObject({ code: 'GRANT_ENDED', kind: 'ended', endReason: 'revoked' });
    const expired = await aGrant(60);
    api.effects.time.advance(60_000);
    await refusedWith(expired.id, 'GRANT_ENDED');
  });

  it.each<[string, ProblemCode, TestPrincipals['instances']]>([
    ['when no gateway is there', 'GATEWAY_OFFLINE', []],
    ['when its agent does not answer', 'GATEWAY_OFFLINE', [{ ...pristine.instances[0]!, state: 'lost' }]],
    ['when it stands still', 'GATEWAY_OFFLINE', [{ ...pristine.instances[0]!, state: 'stopped' }]],
    [
      'when its owner closed it by the tag',
      'GATEWAY_TAG_CLOSED',
      [{ ...pristine.instances[0]!, tags: { ...gatewayTags, AccessGranted: 'false' } }],
    ],
  ])('%s', async (_, code, instances) => {
    const grant = await aGrant();
    principals.instances = instances;
    await refusedWith(grant.id, code);
  });

  it('when the document is gone, is other, or is not active', async () => {
    const grant = await aGrant();
    const enrolled = new Map(principals.documents);
    for (const deployed of [null, { sha256: '0'.repeat(64), active: true }, 'inactive'] as const) {
      for (const [name, document] of enrolled)
        principals.documents.set(name, deployed === 'inactive' ? { ...document!, active: false } : deployed);
      await refusedWith(grant.id, 'DOCUMENT_CHANGED');
    }
    principals.documents = enrolled;
  });

  it('the sixty-first time within a minute', async () => {
    const grant = await aGrant();
    for (let count = 0; count < 60; count++) await api.as('engineer').issueLease(grant.id);
    principals.orders.length = 0;
    const refusal = api.as('engineer').issueLease(grant.id);
    await expect(refusal).rejects.toMatchObject({ code: 'LEASE_LIMITED', retryAfterSeconds: 60 });
    expect(principals.orders).toEqual([]);
  }, 180_000);
});

it('is under way for a grant five times at most, however many ask at the same moment', async () => {
  const grant = await aGrant();
  let release = () => undefined as void;
  const released = new Promise<void>((resolve) => (release = resolve));
  principals.answer = () => released;
  const asked = Array.from({ length: 15 }, () => api.as('engineer').issueLease(grant.id));
  const refused: unknown[] = [];
  for (const one of asked) one.catch((error: unknown) => refused.push((error as { code: string }).code));
  await vi.waitFor(() => expect(refused.length + principals.orders.length).toBe(15), { timeout: 45_000 });
  release();
  await Promise.allSettled(asked);
  expect(principals.orders.length).toBe(5);
  expect(refused).toEqual(Array.from({ length: 10 }, () => 'LEASE_LIMITED'));
});

describe('when AWS is asked', () => {
  it.each<[ProblemCode, ProblemCode, string]>([
    ['AWS_DENIED', 'LEASE_UNAVAILABLE', 'lease.failed'],
    ['AWS_THROTTLED', 'LEASE_UNAVAILABLE', 'lease.failed'],
    ['AWS_UNAVAILABLE', 'LEASE_UNAVAILABLE', 'lease.failed'],
    ['LEASE_SELF_CHECK_FAILED', 'LEASE_SELF_CHECK_FAILED', 'lease.failed'],
    ['AWS_ANSWER_LOST', 'LEASE_UNAVAILABLE', 'lease.unknown'],
  ])('%s becomes %s and is written down as %s', async (thrown, code, type) => {
    const grant = await aGrant();
    principals.answer = () => Promise.reject(new Problem(thrown));
    await expect(api.as('engineer').issueLease(grant.id)).rejects.toMatchObject({ code });
    expect(await typesOf(grant.id)).toEqual(['lease.intended', type]);
    expect((await eventsOf(grant.id)).at(-1)?.details).toMatchObject({ code: thrown });
  });

  it('has written the intent down before, and hands nothing out once the grant was revoked meanwhile', async () => {
    const grant = await aGrant();
    let before: string[] = [];
    principals.answer = async () => {
      before = await typesOf(grant.id);
      await api.as('admin').revokeGrant(grant.id, 'stop');
    };
    await expect(api.as('engineer').issueLease(grant.id)).rejects.toMatchObject({ code: 'GRANT_ENDED' });
    expect(before).toEqual(['lease.intended']);
    expect(await typesOf(grant.id)).toEqual(['lease.intended', 'lease.issued']);
  });

  it('an intent whose process died is settled as unknown, once', async () => {
    const grant = await aGrant();
    const { id: personId } = await api.as('engineer').readMe();
    const intendedAt = new Date(api.effects.clock.now());
    await database.lease.create({
      data: {
        ...{
          id: 'lse_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
          version: 1,
          state: 'intended',
          grantId: grant.id,
          personId,
        },
        ...{ accountId: '111122223333', region: 'eu-west-1', instanceId: 'i-0123456789abcdef0' },
        ...{
          documentName: 'jit-fwd-00000000',
          intendedAt,
          usefulUntil: new Date(intendedAt.getTime() + 120_000),
        },
      },
    });
    const dueWork = api.app.get(DueWork);
    for (const advance of [59_000, 1_000, 1_000]) {
      api.effects.time.advance(advance);
      dueWork.wake();
      await dueWork.idle();
    }
    expect(await typesOf(grant.id)).toEqual(['lease.unknown']);
  });
});
