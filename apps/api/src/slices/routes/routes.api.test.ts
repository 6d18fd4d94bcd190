import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Grant } from '@sallyport/api-client';
import { simulatedEffects } from '@sallyport/effects/simulated';
import {
  generateKeyPair,
  signAgentCall,
  signerOf,
  trust,
  verifyAgentToken,
  verifyKeySet,
  verifyRouteGrant,
} from '@sallyport/grant-token';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { DueWork } from '../../platform/jobs/due-work.ts';
import type { AccountName } from '../../testing/accounts.ts';
import { aTestApi, type TestApi } from '../../testing/api.ts';
import { TestPrincipals } from '../../testing/principals.ts';
import { AgentStore, EndedGrants, keepAgentsFile } from '../agents/index.ts';

const instanceId = 'i-0123456789abcdef0';
type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

let api: TestApi;
let database: PrismaClient;
let principals: TestPrincipals;
let folder: string;
let agentKey: KeyPair;
let clientKey: KeyPair;

beforeAll(async () => {
  principals = new TestPrincipals();
  [agentKey, clientKey] = await Promise.all([generateKeyPair(), generateKeyPair()]);
  folder = await mkdtemp(join(tmpdir(), 'sallyport-routes-'));
  const agentsFile = join(folder, 'agents.json');
  const { publicKey } = agentKey;
  await writeFile(
    agentsFile,
    JSON.stringify([{ agentId: 'agt_file', instanceId, accountId: '111122223333', publicKey }]),
  );
  const effects = simulatedEffects();
  const signerSocket = await principals.startSigner(effects.clock);
  api = await aTestApi({
    configuration: { ...(await principals.start()), signerSocket, agentsFile },
    effects,
  });
  database = api.app.get(PrismaClient);
}, 60_000);
afterAll(async () => {
  await api?.stop();
  await principals?.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  clientKey = { ...clientKey };
  // Limits count by the minute.
  api.effects.time.advance(61_000);
});

/** A grant of a resource, approved as its policy has it, with a lease, so that a session could be open. */
async function aGrant(name = 'prod-vpc', durationSeconds = 3_600): Promise<Grant> {
  const engineer = api.as('engineer');
  for (const { id } of (await engineer.listGrants({ view: 'mine', state: 'active' })).items)
    await engineer.returnGrant(id);
  const request = await engineer.submitAccessRequest({ resources: [name], durationSeconds, reason: 'INC-1' });
  if (request.state === 'pending') {
    const { factsDigest } = await api.as('approver').readAccessRequest(request.id);
    await api.as('approver').recordReview(request.id, { verdict: 'approve', factsDigest: factsDigest ?? '' });
  }
  const [grant] = (await engineer.listGrants({ view: 'mine', state: 'active' })).items;
  if (!grant) throw new Error('no grant');
  await engineer.issueLease(grant.id);
  return grant;
}

const { kty, crv } = { kty: 'OKP', crv: 'Ed25519' } as const;
const holder = () => ({ kty, crv, x: clientKey.publicKey.x });
const tokenOf = (grantId: string, by: AccountName = 'engineer', at = instanceId) =>
  api.as(by).issueAgentToken(grantId, { publicKey: holder(), instanceId: at });

async function trusted() {
  const { issuer, keys } = await api.as('engineer').listSigningKeys();
  return { issuer, keys: await trust(keys.map(({ kty, crv, x, kid }) => ({ kty, crv, x, kid }))) };
}

/** What an agent asks, signed by a key. */
async function call(
  method: 'GET' | 'POST',
  path: string,
  given: { body?: object; key?: KeyPair; agentId?: string; audience?: string; signal?: AbortSignal } = {},
) {
  const { body, key = agentKey, agentId = 'agt_file' } = given;
  const audience = given.audience ?? (await trusted()).issuer;
  const text = body === undefined ? '' : JSON.stringify(body);
  const now = api.effects.clock.now();
  const by = { agentId, audience, jti: `jti_${now}`, now };
  const request = { method, path, body: new TextEncoder().encode(text) };
  const token = await signAgentCall(request, by, await signerOf(key.privateKey));
  const answer = await fetch(api.url + path, {
    method,
    headers: { authorization: `SallyportAgent ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: text }),
    ...(given.signal ? { signal: given.signal } : {}),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

describe('an agent token', () => {
  it('allows what was approved, for a minute, to the holder of the key, at the agent of the lease', async () => {
    const grant = await aGrant();
    const { token, expiresAt, allow } = await tokenOf(grant.id);
    const now = api.effects.clock.now();
    const claims = await verifyAgentToken(token, {
      ...{ ...(await trusted()), agentId: 'agt_file', holder: clientKey.publicKey, now },
    });
    const ports = [[1, 65_535]];
    expect(allow).toEqual([
      { cidr: '10.0.0.0/16', ports, proto: 'tcp' },
      { cidr: '10.0.0.0/16', ports, proto: 'udp' },
      { cidr: '10.0.0.0/16', ports: [], proto: 'icmp' },
    ]);
    expect(claims).toMatchObject({ sub: grant.id, usr: grant.person.id, allow, suffixes: ['internal'] });
    expect(Date.parse(expiresAt) - now).toBeLessThanOrEqual(60_000);
    expect(claims.exp * 1000).toBe(Date.parse(expiresAt));
  });

  it('ends with its grant', async () => {
    const grant = await aGrant('prod-vpc', 20);
    const { expiresAt } = await tokenOf(grant.id);
    expect(Date.parse(expiresAt)).toBeLessThanOrEqual(Date.parse(grant.endsAt));
  });

  it('is told once in the audit log, however often it is renewed', async () => {
    const grant = await aGrant();
    await tokenOf(grant.id);
    api.effects.time.advance(45_000);
    await tokenOf(grant.id);
    const { items } = await api
      .as('auditor')
      .listAuditEvents({ grant: grant.id, type: 'agent.token_issued' });
    expect(items).toHaveLength(1);
    expect(items[0]?.sentence).toContain(instanceId);
  });

  it('is refused by code to those who may not have it', async () => {
    const grant = await aGrant();
    const code = (asked: Promise<unknown>) =>
      asked.then(
        () => 'issued',
        (error: unknown) => (error as { code: string }).code,
      );
    expect(await code(tokenOf(grant.id, 'outsider'))).toBe('GRANT_UNKNOWN');
    expect(await code(tokenOf(grant.id, 'admin'))).toBe('GRANT_UNKNOWN');
    expect(await code(tokenOf('grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y'))).toBe('GRANT_UNKNOWN');
    expect(await code(tokenOf(grant.id, 'engineer', 'i-0fffffffffffffff0'))).toBe('AGENT_NOT_ENROLLED');
    await api.as('admin').revokeGrant(grant.id, 'stop');
    expect(await code(tokenOf(grant.id))).toBe('GRANT_ENDED');
    const short = await aGrant('prod-vpc', 30);
    api.effects.time.advance(30_000);
    expect(await code(tokenOf(short.id))).toBe('GRANT_ENDED');
    const pinned = await aGrant('staging-rds');
    expect(await code(tokenOf(pinned.id))).toBe('AGENT_NOT_NEEDED');
  });

  it('is limited for each connection', async () => {
    const grant = await aGrant();
    for (let count = 0; count < 6; count++) await tokenOf(grant.id);
    await expect(tokenOf(grant.id)).rejects.toMatchObject({
      code: 'AGENT_TOKEN_LIMITED',
      retryAfterSeconds: 10,
    });
    api.effects.time.advance(60_000);
    await tokenOf(grant.id);
  });
});

describe('a route grant', () => {
  it('names the routes of a subnet, and nothing but the name of a resource of one destination', async () => {
    const grant = await aGrant();
    const now = api.effects.clock.now();
    const read = async (token: string) => verifyRouteGrant(token, { ...(await trusted()), now });
    const { token, expiresAt, fingerprint } = await api.as('engineer').issueRouteGrant(grant.id);
    expect(await read(token)).toMatchObject({
      ...{ sub: grant.id, suffixes: ['internal'], resolver: '10.0.0.2', virtual: false, names: [] },
      routes: [{ cidr: '10.0.0.0/16' }, { cidr: '10.0.0.0/16' }, { cidr: '10.0.0.0/16' }],
    });
    expect(expiresAt).toBe(grant.endsAt);
    expect((await api.as('engineer').listSigningKeys()).fingerprints).toEqual([fingerprint]);
    const pinned = await aGrant('staging-rds');
    expect(await read((await api.as('engineer').issueRouteGrant(pinned.id)).token)).toMatchObject({
      ...{ routes: [], names: [{ name: 'staging-rds', address: null }], virtual: true },
    });
    await expect(api.as('outsider').issueRouteGrant(pinned.id)).rejects.toMatchObject({
      code: 'GRANT_UNKNOWN',
    });
  });
});

describe('a rotation of the signing keys', () => {
  it('publishes both keys, signs with the new one after the overlap, and is vouched for by the old one', async () => {
    const grant = await aGrant();
    const before = await trusted();
    await principals.keys?.rotate(api.effects.clock.now(), 30);
    const published = await api.as('engineer').listSigningKeys();
    expect(published.keys).toHaveLength(2);
    const learnt = await verifyKeySet(published.keySet ?? '', { ...before, serial: 1 });
    const facts = () => ({
      ...{ issuer: before.issuer, agentId: 'agt_file', holder: clientKey.publicKey },
      now: api.effects.clock.now(),
    });
    const during = (await tokenOf(grant.id)).token;
    await verifyAgentToken(during, { ...facts(), keys: before.keys });
    api.effects.time.advance(30_000);
    const after = (await tokenOf(grant.id)).token;
    await expect(verifyAgentToken(after, { ...facts(), keys: before.keys })).rejects.toMatchObject({
      code: 'SIGNED_TOKEN_KEY_UNKNOWN',
    });
    await verifyAgentToken(after, { ...facts(), keys: learnt.keys });
  });
});

describe('the sets of a second rotation', () => {
  it('lead from the keys before the first to the newest, one by one', async () => {
    const { issuer, serial, keys } = await api.as('engineer').listSigningKeys();
    const first = { issuer, serial, keys: await trust(keys.slice(0, 1)) };
    api.effects.time.advance(600_000);
    await principals.keys?.rotate(api.effects.clock.now(), 0);
    await principals.keys?.rotate(api.effects.clock.now(), 0);
    const published = await api.as('engineer').listSigningKeys();
    await expect(verifyKeySet(published.keySet ?? '', first)).rejects.toMatchObject({
      code: 'SIGNED_TOKEN_KEY_UNKNOWN',
    });
    let known = first;
    for (const set of published.keySets.slice(-2)) known = { issuer, ...(await verifyKeySet(set, known)) };
    expect(known.serial).toBe(published.serial);
    expect([...known.keys.keys()].sort()).toEqual(published.keys.map(({ kid }) => kid).sort());
  });
});

describe('an agent', () => {
  it('enrols once by the token of its instance, and replaces the one that stood there', async () => {
    const other = 'i-0a00000000000000a';
    const { token } = await api.as('admin').makeJoinToken(other);
    const keys = await Promise.all([generateKeyPair(), generateKeyPair()]);
    const enrol = (joinToken: string, at = other, key = keys[0]) =>
      api.as('outsider').enrolAgent({
        ...{ joinToken, instanceId: at },
        publicKey: { kty, crv, x: key?.publicKey.x ?? '' },
      });
    const refused = { code: 'AGENT_JOIN_REFUSED' };
    await expect(enrol('slpj_nothing')).rejects.toMatchObject(refused);
    await expect(enrol(token, instanceId)).rejects.toMatchObject(refused);
    const first = await enrol(token);
    await expect(enrol(token, other, keys[1])).rejects.toMatchObject(refused);
    expect(first).toMatchObject({ issuer: (await trusted()).issuer });
    expect(await enrol(token), 'the answer was lost on its way').toEqual(first);
    await expect(enrol(token, instanceId)).rejects.toMatchObject(refused);
    const again = await enrol((await api.as('admin').makeJoinToken(other)).token, other, keys[1]);
    const { items } = await api.as('auditor').listAgents();
    const stateOf = (id: string) => items.find((agent) => agent.id === id)?.state;
    expect([stateOf(first.agentId), stateOf(again.agentId)]).toEqual(['retired', 'enrolled']);
    await expect(enrol(token), 'another agent stands there').rejects.toMatchObject(refused);
    await expect(api.as('engineer').makeJoinToken(other)).rejects.toMatchObject({ code: 'ROLE_MISSING' });
    const late = await api.as('admin').makeJoinToken(other);
    api.effects.time.advance(3_600_000);
    await expect(enrol(late.token)).rejects.toMatchObject(refused);
  });

  it('of the file that comes with another key is believed no more, by either key, until the first comes back', async () => {
    const path = join(folder, 'other-agents.json');
    const [store, unitOfWork] = [new AgentStore(database), api.app.get(UnitOfWork)];
    const keep = async (publicKey: object) => {
      const agent = { agentId: 'agt_file', instanceId, accountId: '111122223333', publicKey };
      await writeFile(path, JSON.stringify([agent]));
      await keepAgentsFile(path, store, unitOfWork, api.effects);
      return (await store.find('agt_file'))?.publicKey;
    };
    const replacement = await generateKeyPair();
    expect(await keep(replacement.publicKey)).toBeUndefined();
    expect(await keep(replacement.publicKey)).toBeUndefined();
    expect(await keep(agentKey.publicKey)).toBe(agentKey.publicKey.x);
  });

  it('is known by the signature of each call alone', async () => {
    const path = '/api/agents/agt_file/revocations';
    expect(await call('GET', path)).toMatchObject({ status: 200, body: { revoked: [] } });
    const refused = { status: 403, body: { code: 'AGENT_CALL_REFUSED' } };
    expect(await call('GET', path, { key: clientKey })).toMatchObject(refused);
    expect(await call('GET', path, { agentId: 'agt_other' })).toMatchObject(refused);
    expect(await call('GET', path, { audience: 'sallyport:other' })).toMatchObject(refused);
    expect(await call('GET', '/api/agents/agt_none/revocations', { agentId: 'agt_none' })).toMatchObject(
      refused,
    );
    expect((await fetch(api.url + path)).status).toBe(403);
  });

  it('hears at once of a grant that ends', async () => {
    const grant = await aGrant();
    const path = '/api/agents/agt_file/revocations?after=';
    const { body } = await call('GET', path.replace('?after=', ''));
    const heard = call('GET', path + String(body['cursor']));
    const ended = api.app.get(EndedGrants);
    await vi.waitFor(() => expect(ended.waiting).toBe(1), { timeout: 30_000 });
    await api.as('admin').revokeGrant(grant.id, 'stop');
    // Simulated time stands still: nothing but the commit can have woken it.
    const first = await heard;
    expect(first.body).toMatchObject({ revoked: [{ grantId: grant.id }] });
    expect(ended.waiting).toBe(0);
    // One that was away meanwhile is told when it asks.
    expect((await call('GET', path + String(body['cursor']))).body).toEqual(first.body);
    const next = call('GET', path + String(first.body['cursor']));
    await vi.waitFor(() => expect(ended.waiting).toBe(1), { timeout: 30_000 });
    api.effects.time.advance(25_000);
    expect((await next).body).toEqual({ revoked: [], cursor: first.body['cursor'] });
  });
});

describe('flow records', () => {
  async function aFlow(but: object = {}) {
    const grant = await aGrant();
    const { token } = await tokenOf(grant.id);
    const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      jti: string;
    };
    const at = new Date(api.effects.clock.now()).toISOString();
    const record = {
      ...{ flowId: `flow_${grant.id}`, grantId: grant.id, personId: grant.person.id, jti, proto: 'tcp' },
      ...{ source: null, destination: '10.0.2.60', port: 8080, name: 'web.internal', bytesUp: 100 },
      ...{ bytesDown: 5_000, startedAt: at, endedAt: at, end: 'client', code: null },
      ...but,
    };
    return { grant, record };
  }
  const report = (records: object[]) => call('POST', '/api/agents/agt_file/flows', { body: { records } });

  it('are all shown, page by page, although a revocation ended them in the same millisecond', async () => {
    const { grant, record } = await aFlow();
    const flowIds = Array.from({ length: 55 }, (_, at) => `${record.flowId}_${String(at)}`);
    await report(flowIds.map((flowId) => ({ ...record, flowId, end: 'revoked' })));
    const first = await api.as('engineer').listFlows(grant.id);
    const second = await api.as('engineer').listFlows(grant.id, { cursor: first.nextCursor ?? '' });
    expect([...first.items, ...second.items].map(({ flowId }) => flowId).sort()).toEqual(flowIds.sort());
    expect(second.nextCursor).toBeNull();
    await expect(api.as('engineer').listFlows(grant.id, { cursor: '17' })).rejects.toMatchObject({
      code: 'FILTER_INVALID',
    });
  });

  it('are kept once, shown with their destinations, and told in one event a minute', async () => {
    const { grant, record } = await aFlow();
    const refused = {
      ...record,
      flowId: `${record.flowId}_2`,
      end: 'refused',
      code: 'FLOW_NOT_GRANTED',
      port: 25,
      bytesUp: 0,
      bytesDown: 0,
    };
    expect(await report([record, refused])).toMatchObject({ status: 200, body: { kept: 2, refused: 0 } });
    expect(await report([record])).toMatchObject({ body: { kept: 0, refused: 0 } });
    const flows = await api.as('engineer').listFlows(grant.id);
    expect(flows.items).toHaveLength(2);
    expect(flows.destinations).toMatchObject([
      { destination: '10.0.2.60', port: 8080, flows: 1, refused: 0, bytesDown: 5_000 },
      { port: 25, flows: 1, refused: 1 },
    ]);
    await expect(api.as('outsider').listFlows(grant.id)).rejects.toMatchObject({ code: 'GRANT_UNKNOWN' });
    const dueWork = api.app.get(DueWork);
    for (const advance of [59_000, 1_000, 60_000]) {
      api.effects.time.advance(advance);
      dueWork.wake();
      await dueWork.idle();
    }
    const { items } = await api.as('auditor').listAuditEvents({ grant: grant.id, type: 'flow.ended' });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      details: { flows: 2, refused: 1, bytesUp: 100, bytesDown: 5_000 },
      sentence: expect.stringContaining(
        '2 conversations with 2 destinations in prod-vpc, 1 of them refused',
      ) as string,
    });
    expect(await database.flowRecord.count({ where: { audited: false } })).toBe(0);
  });

  it('of a token that this agent was never shown are not kept', async () => {
    const { record } = await aFlow();
    const other = await aFlow();
    const records = [
      { ...record, jti: 'jti_invented' },
      { ...record, grantId: other.record.grantId },
      { ...record, personId: 'prs_01JZ8Q4T7M3N5P6R8S9V0W1X2Y' },
      { ...record, endedAt: '2020-01-01T00:00:00.000Z' },
      { ...record, endedAt: new Date(api.effects.clock.now() + 3_600_000).toISOString() },
    ];
    expect(await report(records)).toMatchObject({ status: 200, body: { kept: 0, refused: 5 } });
    expect((await report([{ ...record, bytesUp: -1 }])).status).toBe(422);
    expect((await report([{ ...record, proto: 'sctp' }])).status).toBe(422);
  });

  it('that were altered on the way are refused', async () => {
    const { record } = await aFlow();
    const body = JSON.stringify({ records: [record] });
    const path = '/api/agents/agt_file/flows';
    const by = {
      ...{ agentId: 'agt_file', audience: (await trusted()).issuer, jti: 'jti_1' },
      now: api.effects.clock.now(),
    };
    const request = { method: 'POST' as const, path, body: new TextEncoder().encode(body) };
    const token = await signAgentCall(request, by, await signerOf(agentKey.privateKey));
    const send = (text: string) =>
      fetch(api.url + path, {
        method: 'POST',
        headers: { authorization: `SallyportAgent ${token}`, 'content-type': 'application/json' },
        body: text,
      });
    expect((await send(body.replace('8080', '8081'))).status).toBe(403);
    expect((await send(body)).status).toBe(200);
  });
});

it('leads no lease to a gateway without an enrolled agent', async () => {
  const grant = await aGrant();
  const before = principals.instances;
  principals.instances = before.map((instance) => ({ ...instance, instanceId: 'i-0eeeeeeeeeeeeeee0' }));
  await expect(api.as('engineer').issueLease(grant.id)).rejects.toMatchObject({ code: 'AGENT_NOT_ENROLLED' });
  principals.instances = [{ ...before[0]!, instanceId: 'i-00000000000000001' }, ...before];
  const lease = await api.as('engineer').issueLease(grant.id);
  principals.instances = before;
  expect(lease).toMatchObject({
    ...{ instanceId, way: 'agent', documentName: 'jit-agent-7443', ssh: null },
    agent: { id: 'agt_file', port: 7443, instanceId },
  });
});
