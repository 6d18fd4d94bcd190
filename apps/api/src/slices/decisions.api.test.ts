/** Requests, reviews, grants, catalogue and audit over HTTP through the generated client. */
import { createApi, type AccessRequest } from '@sallyport/api-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aTestApi, type TestApi } from '../testing/api.ts';
import { testAccount, type AccountName } from '../testing/accounts.ts';
import { TestPrincipals } from '../testing/principals.ts';

let api: TestApi;
let principals: TestPrincipals;
beforeAll(async () => {
  principals = new TestPrincipals();
  api = await aTestApi({ configuration: await principals.start() });
});
afterAll(async () => {
  await api?.stop();
  await principals?.stop();
});

const wish = { resources: ['prod-rds'], durationSeconds: 1_800, reason: 'INC-4312 slow checkout query' };

/** A request of the engineer; whatever they had open for the same resources is taken back first. */
async function aRequest(given: Partial<typeof wish> & { ticket?: string } = {}): Promise<AccessRequest> {
  const engineer = api.as('engineer');
  for (const { id } of (await engineer.listAccessRequests({ view: 'mine', state: 'pending' })).items)
    await engineer.cancelAccessRequest(id);
  return engineer.submitAccessRequest({ ...wish, ...given });
}
const approve = (request: AccessRequest, by: AccountName = 'approver', given: object = {}) =>
  api
    .as(by)
    .recordReview(request.id, { verdict: 'approve', factsDigest: request.factsDigest ?? '', ...given });

/** Sends a body as it stands, for what the generated client would not let through. */
async function send(path: string, body: unknown, by: AccountName = 'engineer') {
  const answer = await fetch(`${api.url}/api/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testAccount(by).token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return {
    status: answer.status,
    problem: (await answer.json()) as { code?: string; errors?: { field: string }[] },
  };
}

it('leads from the wish to the grant, and from the grant to the audit', async () => {
  const request = await aRequest({ ticket: 'INC-4312' });
  expect(request).toMatchObject({
    state: 'pending',
    mayReview: false,
    mayCancel: true,
    reviewers: ['db-owners'],
  });
  const inbox = await api.as('approver').listAccessRequests({ view: 'to-review' });
  expect(inbox.items).toMatchObject([{ id: request.id, mayReview: true, factsDigest: request.factsDigest }]);
  expect((await api.as('approver').readMe()).counts.toReview).toBe(1);

  const approved = await approve(request);
  const grantId = approved.items[0]?.grantId ?? '';
  expect(approved).toMatchObject({ state: 'approved', items: [{ state: 'approved' }] });
  expect(await api.as('engineer').readGrant(grantId)).toMatchObject({
    state: 'active',
    connectLine: 'tunnel connect prod-rds',
  });
  expect((await api.as('engineer').readResource('prod-rds')).mine).toMatchObject({
    state: 'granted',
    grantId,
  });
  expect((await api.as('engineer').readMe()).counts.activeGrants).toBe(1);

  const ended = await api.as('admin').revokeGrant(grantId, 'incident over');
  expect(ended).toMatchObject({ state: 'ended', endReason: 'revoked', endComment: 'incident over' });
  const { items } = await api.as('auditor').listAuditEvents({ grant: grantId });
  expect(items.map((event) => event.type)).toEqual(['grant.ended', 'grant.activated']);
});

it('shows whoever may ask the policy and the document that a reviewer is shown', async () => {
  const request = await aRequest();
  const [seen] = (await api.as('approver').readAccessRequest(request.id)).facts?.items ?? [];
  const shown = await api.as('engineer').readSessionPolicy('prod-rds');
  expect(shown).toMatchObject({
    resource: seen?.resource,
    document: seen?.document,
    documents: [{ purpose: 'port', command: null, ...seen?.document }],
    sessionPolicy: seen?.sessionPolicy,
  });
  expect(JSON.stringify(shown.sessionPolicy)).toContain(`document/${shown.document.name}`);
  expect((await api.as('engineer').readResource('prod-rds')).documents).toEqual(shown.documents);
  for (const [name, person] of [
    ['prod-rds', 'outsider'],
    ['nothing', 'engineer'],
  ] as const)
    await expect(api.as(person).readSessionPolicy(name)).rejects.toMatchObject({
      code: 'RESOURCE_UNKNOWN',
      status: 404,
    });
});

it('gives a grant back', async () => {
  const { items } = await api
    .as('engineer')
    .submitAccessRequest({ resources: ['staging-rds'], durationSeconds: 600, reason: '' });
  const grantId = items[0]?.grantId ?? '';
  expect(await api.as('engineer').returnGrant(grantId)).toMatchObject({
    state: 'ended',
    endReason: 'returned',
  });
  await expect(api.as('engineer').returnGrant(grantId)).rejects.toMatchObject({
    code: 'GRANT_NOT_ACTIVE',
    status: 409,
  });
});

it('extends a grant by a request of its own', async () => {
  const engineer = api.as('engineer');
  const { items } = await engineer.submitAccessRequest({
    resources: ['staging-rds'],
    durationSeconds: 600,
    reason: '',
  });
  const grantId = items[0]?.grantId ?? '';
  const { endsAt } = await engineer.readGrant(grantId);
  const extended = await engineer.extendGrant(grantId, { durationSeconds: 900, seenEndsAt: endsAt });
  const until = new Date(Date.parse(endsAt) + 900_000).toISOString();
  expect(extended).toMatchObject({
    state: 'approved',
    items: [{ state: 'approved', grantId }],
    extension: { grantId, endsAt, until },
  });
  expect(await engineer.readGrant(grantId)).toMatchObject({ endsAt: until, extensions: 1 });
  const path = `grants/${grantId}/extensions`;
  const refused = async (body: object, by: AccountName = 'engineer') =>
    (await send(path, body, by)).problem.code;
  expect(await refused({ durationSeconds: 900, seenEndsAt: endsAt })).toBe('EXTENSION_END_MOVED');
  expect(await refused({ durationSeconds: 8 * 3600 })).toBe('EXTENSION_BUDGET_EXCEEDED');
  expect(await refused({ durationSeconds: 'long' })).toBe('INPUT_INVALID');
  expect(await refused({ durationSeconds: 900 }, 'outsider')).toBe('GRANT_UNKNOWN');
  await engineer.returnGrant(grantId);
  expect(await refused({ durationSeconds: 900 })).toBe('GRANT_ENDED');
});

describe('refuses by one code each', () => {
  it.each([
    [{ ...wish, resources: ['nothing'] }, 404, 'RESOURCE_UNKNOWN'],
    [{ ...wish, durationSeconds: 999_999 }, 422, 'REQUEST_DURATION_TOO_LONG'],
    [{ ...wish, durationSeconds: 0 }, 422, 'DURATION_INVALID'],
    [{ ...wish, durationSeconds: -1 }, 422, 'DURATION_INVALID'],
    [{ ...wish, reason: '' }, 422, 'REASON_REQUIRED'],
    [{ ...wish, reason: 'x'.repeat(501) }, 422, 'REASON_TOO_LONG'],
    [{ ...wish, durationSeconds: 'soon' }, 422, 'INPUT_INVALID'],
    [{ ...wish, resources: 'prod-rds' }, 422, 'INPUT_INVALID'],
    [{ ...wish, startsAt: 'tomorrow' }, 422, 'INPUT_INVALID'],
    [{ ...wish, ticket: 'x'.repeat(101) }, 422, 'TICKET_TOO_LONG'],
  ])('the wish %j', async (body, status, code) => {
    const before = (await api.as('auditor').listAuditEvents({ limit: 1 })).items[0]?.position;
    expect(await send('access-requests', body)).toMatchObject({ status, problem: { code } });
    expect((await api.as('auditor').listAuditEvents({ limit: 1 })).items[0]?.position).toBe(before);
  });

  it('a second wish for the same resource while one waits', async () => {
    await aRequest();
    expect(await send('access-requests', wish)).toMatchObject({
      status: 409,
      problem: { code: 'REQUEST_ALREADY_OPEN' },
    });
  });

  it('reviews that must not be', async () => {
    const request = await aRequest();
    await expect(approve(request, 'engineer')).rejects.toMatchObject({
      code: 'REVIEW_BY_REQUESTER',
      status: 403,
    });
    await expect(approve(request, 'admin')).rejects.toMatchObject({
      code: 'REVIEW_NOT_ALLOWED',
      status: 403,
    });
    await expect(approve(request, 'outsider')).rejects.toMatchObject({
      code: 'REQUEST_UNKNOWN',
      status: 404,
    });
    await expect(approve(request, 'approver', { factsDigest: 'b'.repeat(64) })).rejects.toMatchObject({
      code: 'REVIEW_DIGEST_MISMATCH',
      status: 409,
    });
    await expect(approve(request, 'approver', { verdict: 'deny' })).rejects.toMatchObject({
      code: 'REVIEW_COMMENT_REQUIRED',
      status: 422,
    });
    await approve(request, 'approver', { verdict: 'deny', comment: 'use staging' });
    await expect(approve(request)).rejects.toMatchObject({ code: 'REQUEST_NOT_PENDING', status: 409 });
    await expect(api.as('engineer').cancelAccessRequest(request.id)).rejects.toMatchObject({
      code: 'REQUEST_NOT_PENDING',
    });
  });

  it('the outsider, everywhere', async () => {
    const outsider = api.as('outsider');
    const request = await aRequest();
    expect((await outsider.listResources()).items).toEqual([]);
    await expect(outsider.readResource('prod-rds')).rejects.toMatchObject({
      code: 'RESOURCE_UNKNOWN',
      status: 404,
    });
    await expect(outsider.submitAccessRequest(wish)).rejects.toMatchObject({ code: 'RESOURCE_UNKNOWN' });
    await expect(outsider.readAccessRequest(request.id)).rejects.toMatchObject({ code: 'REQUEST_UNKNOWN' });
    expect((await outsider.listGrants({ view: 'all' })).items).toEqual([]);
    expect((await outsider.listAuditEvents()).items.filter((event) => event.requestId !== null)).toEqual([]);
  });

  it('revocation by who may not', async () => {
    const grantId = (await approve(await aRequest())).items[0]?.grantId ?? '';
    await expect(api.as('engineer').revokeGrant(grantId, 'x')).rejects.toMatchObject({
      code: 'REVOKE_NOT_ALLOWED',
      status: 403,
    });
    await expect(api.as('outsider').revokeGrant(grantId, 'x')).rejects.toMatchObject({
      code: 'GRANT_UNKNOWN',
    });
    await expect(api.as('admin').revokeGrant(grantId, ' ')).rejects.toMatchObject({
      code: 'REASON_REQUIRED',
    });
    for (const [name, scope] of [
      ['admin', 'review'],
      ['approver', 'admin'],
    ] as const) {
      const answer = await fetch(`${api.url}/api/access-tokens`, {
        method: 'POST',
        headers: await api.browser(name),
        body: JSON.stringify({ name: scope, scopes: ['read', scope], expiresInDays: 1 }),
      });
      const { token } = (await answer.json()) as { token: string };
      await expect(createApi({ baseUrl: api.url, token }).revokeGrant(grantId, 'x')).rejects.toMatchObject({
        code: 'REVOKE_NOT_ALLOWED',
      });
    }
    await api.as('approver').revokeGrant(grantId, 'no longer needed');
  });

  it('filters that do not exist', async () => {
    await expect(api.as('auditor').listAuditEvents({ cursor: 'x' })).rejects.toMatchObject({
      code: 'PAGE_CURSOR_INVALID',
    });
    await expect(api.as('auditor').listResources({ tag: 'x' })).rejects.toMatchObject({
      code: 'FILTER_INVALID',
    });
    await expect(api.as('auditor').listGrants({ state: 'x' })).rejects.toMatchObject({
      code: 'FILTER_INVALID',
    });
  });
});

it('shows the catalogue with its rules, gateways and reasons', async () => {
  const { items } = await api.as('engineer').listResources();
  expect(items.map((resource) => resource.name)).toEqual([
    'prod-rds',
    'prod-web',
    'web-1',
    'prod-vpc',
    'staging-rds',
    'web-1-shell',
    'audited-shell',
  ]);
  expect(items[0]).toMatchObject({
    kind: 'database',
    database: { name: 'shop', role: 'app_ro' },
    connectable: true,
    notConnectable: null,
    gateway: { state: 'online' },
    rule: { maxDurationSeconds: 14_400, reasonRequired: true, autoApproved: false, reviewers: ['db-owners'] },
    recording: { recorded: false },
  });
  expect(items[2]).toMatchObject({
    host: null,
    port: 22,
    protocol: 'ssh',
    ssh: { user: 'web-ops', port: 22, instanceConnect: true },
    shell: null,
  });
  expect(items[5]).toMatchObject({
    ssh: null,
    shell: {
      runAs: 'web-ops',
      login: true,
      commands: { which: 'any', listed: [] },
      encrypted: true,
      logs: { to: 'cloudWatch', place: '/jit/shell', prefix: null },
      clientRecording: false,
    },
  });
  expect(items[4]).toMatchObject({ rule: { autoApproved: true, reasonRequired: false, reviewers: [] } });
  const filtered = await api.as('engineer').listResources({ tag: 'tier=web' });
  expect(filtered.items.map((resource) => resource.name)).toEqual([
    'prod-web',
    'web-1',
    'web-1-shell',
    'audited-shell',
  ]);
});
