import { createApi } from '@sallyport/api-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { aTestApi, type TestApi } from '../../testing/api.ts';
import { testAccount, testAccounts } from '../../testing/accounts.ts';
import { failuresPerAccountMax, failureWindowMs, signInIdleMs, signInLifeMs } from './limits.ts';

let api: TestApi;
let database: PrismaClient;
const lines: string[] = [];

beforeAll(async () => {
  api = await aTestApi({ destination: { write: (line) => void lines.push(line) } });
  database = api.app.get(PrismaClient);
});
afterAll(() => api?.stop());
// Leaves the failures of the test before behind.
beforeEach(() => api.effects.time.advance(failureWindowMs + 1));

const engineer = testAccount('engineer');
const post = (path: string, headers: Record<string, string>, body?: unknown) =>
  fetch(`${api.url}/api/${path}`, {
    method: 'POST',
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const codeOf = async (answer: Response) => ((await answer.json()) as { code?: string }).code;
const jsonFrom = (origin: string) => ({ 'content-type': 'application/json', origin });
const trySignIn = (password: string, email = engineer.email) =>
  post('sign-in', jsonFrom(api.url), { email, password });
const eventsOf = async (type: string) =>
  database.auditEvent.findMany({ where: { type }, orderBy: { position: 'asc' } });

describe('a browser', () => {
  it('signs in by password and is known by its cookie', async () => {
    const answer = await trySignIn(engineer.password);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      email: engineer.email,
      roles: ['engineer'],
      groups: ['engineers'],
      signedInBy: 'cookie',
      scopes: null,
      counts: { toReview: 0, activeGrants: 0, liveSessions: 0 },
    });
    const cookie = answer.headers.getSetCookie()[0] ?? '';
    expect(cookie).toMatch(/^__Host-sallyport=[\w-]{43}; /);
    for (const part of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax']) expect(cookie).toContain(part);
    expect(cookie).not.toContain('Domain');
    const me = await fetch(`${api.url}/api/me`, { headers: { cookie } });
    expect(await me.json()).toMatchObject({ id: expect.stringMatching(/^prs_/) as string });
  });

  it('is not told whether the address or the password is wrong', async () => {
    const [wrong, unknown] = [await trySignIn('wrong'), await trySignIn('wrong', 'nobody@example.com')];
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    const [first, second] = [await wrong.json(), await unknown.json()] as Record<string, unknown>[];
    expect({ ...first, instance: '' }).toEqual({ ...second, instance: '' });
    expect(first).toMatchObject({ code: 'CREDENTIALS_INVALID' });
  });

  it('waits after too many failures, even with the right password, and then gets in', async () => {
    const failures = await Promise.all(
      Array.from({ length: failuresPerAccountMax }, () => trySignIn('wrong')),
    );
    expect(new Set(failures.map(({ status }) => status))).toEqual(new Set([401]));
    const limited = await trySignIn(engineer.password);
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await limited.json()).toMatchObject({ code: 'SIGN_IN_LIMITED', kind: 'limited' });
    expect((await trySignIn(testAccount('admin').password, 'admin@example.com')).status).toBe(200);
    api.effects.time.advance(failureWindowMs + 1);
    expect((await trySignIn(engineer.password)).status).toBe(200);
  });

  it('lets no burst through the limit', async () => {
    const answers = await Promise.all(
      Array.from({ length: 2 * failuresPerAccountMax }, () => trySignIn('wrong')),
    );
    const looked = answers.filter(({ status }) => status === 401).length;
    expect(looked).toBeLessThanOrEqual(failuresPerAccountMax);
  });

  it('is signed out after half an hour of quiet', async () => {
    const headers = await api.browser('engineer');
    api.effects.time.advance(signInIdleMs - 1);
    expect((await fetch(`${api.url}/api/me`, { headers })).status).toBe(200);
    api.effects.time.advance(signInIdleMs - 1);
    expect((await fetch(`${api.url}/api/me`, { headers })).status).toBe(200);
    api.effects.time.advance(signInIdleMs);
    expect((await fetch(`${api.url}/api/me`, { headers })).status).toBe(401);
  });

  it('is signed out after twelve hours whatever it does', async () => {
    const headers = await api.browser('engineer');
    for (let passed = 0; passed + signInIdleMs / 2 < signInLifeMs; passed += signInIdleMs / 2) {
      expect((await fetch(`${api.url}/api/me`, { headers })).status).toBe(200);
      api.effects.time.advance(signInIdleMs / 2);
    }
    api.effects.time.advance(signInIdleMs / 2);
    expect((await fetch(`${api.url}/api/me`, { headers })).status).toBe(401);
  });

  it('signs out, and its cookie is worth nothing afterwards', async () => {
    const headers = await api.browser('engineer');
    expect((await post('sign-out', headers)).status).toBe(204);
    expect((await fetch(`${api.url}/api/me`, { headers })).status).toBe(401);
    expect((await eventsOf('person.signed_out')).at(-1)).toMatchObject({ actorEmail: engineer.email });
  });

  it.each<[string, Record<string, string>]>([
    ['without an Origin', {}],
    ['from another site', { origin: 'https://evil.example' }],
    ['from another port of this machine', { origin: 'http://localhost:1' }],
    ['that says it is cross-site', { origin: 'OWN', 'sec-fetch-site': 'cross-site' }],
  ])('does not act for a page %s', async (_, given) => {
    const { cookie } = await api.browser('engineer');
    const entries = Object.entries(given).map(([name, value]) => [name, value.replace('OWN', api.url)]);
    const headers = Object.fromEntries(entries) as Record<string, string>;
    const answer = await post('sign-out', { 'content-type': 'application/json', cookie, ...headers });
    expect(await codeOf(answer)).toBe('ORIGIN_FOREIGN');
    expect((await fetch(`${api.url}/api/me`, { headers: { cookie } })).status).toBe(200);
  });

  it('does not take a form for JSON', async () => {
    const headers = { ...(await api.browser('engineer')), 'content-type': 'text/plain' };
    expect(await codeOf(await post('access-tokens', headers, {}))).toBe('CONTENT_TYPE_UNSUPPORTED');
  });
});

describe('a personal access token', () => {
  const make = async (scopes: string[]) => {
    const headers = await api.browser('engineer');
    const answer = await post('access-tokens', headers, { name: 'mine', scopes, expiresInDays: 1 });
    return (await answer.json()) as { id: string; token: string };
  };

  it('is made by a browser, listed without its secret, and ends at its date', async () => {
    const { id, token } = await make(['read']);
    const mine = createApi({ baseUrl: api.url, token });
    await expect(mine.readMe()).resolves.toMatchObject({ signedInBy: 'token', scopes: ['read'] });
    const listed = (await mine.listAccessTokens()).items.find((item) => item.id === id);
    expect(listed).toMatchObject({ state: 'active', name: 'mine' });
    expect(JSON.stringify(listed)).not.toContain(token);
    api.effects.time.advance(24 * 3_600_000);
    await expect(mine.readMe()).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('may only do what it is for', async () => {
    const { token } = await make(['connect']);
    await expect(createApi({ baseUrl: api.url, token }).listGrants()).rejects.toMatchObject({
      code: 'TOKEN_SCOPE_MISSING',
    });
  });

  it('gives no role that its person has not', async () => {
    await expect(api.as('engineer').terminateSession('ses_1', 'x')).rejects.toMatchObject({
      code: 'ROLE_MISSING',
    });
  });

  it('cannot make another', async () => {
    const wish = { name: 'more', scopes: ['read' as const], expiresInDays: 1 };
    await expect(api.as('engineer').makeAccessToken(wish)).rejects.toMatchObject({
      code: 'TOKEN_CANNOT_MAKE_TOKENS',
    });
  });

  it('is revoked by its owner and by nobody else', async () => {
    const { id, token } = await make(['read']);
    await expect(api.as('admin').revokeAccessToken(id)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
    await api.as('engineer').revokeAccessToken(id);
    await expect(createApi({ baseUrl: api.url, token }).readMe()).rejects.toMatchObject({
      code: 'TOKEN_INVALID',
    });
    expect((await eventsOf('token.revoked')).at(-1)?.details).toMatchObject({ tokenId: id });
  });

  it('is judged alone when a cookie comes along', async () => {
    const { cookie } = await api.browser('engineer');
    const answer = await fetch(`${api.url}/api/me`, {
      headers: { cookie, authorization: 'Bearer slp_nobody' },
    });
    expect(await codeOf(answer)).toBe('TOKEN_INVALID');
  });
});

describe('a command line', () => {
  it('signs in by password and out by its token', async () => {
    const { email, password } = engineer;
    const { token, me } = await createApi({ baseUrl: api.url }).cliSignIn({
      email,
      password,
      deviceName: 'laptop',
    });
    expect(me).toMatchObject({ email, signedInBy: 'token' });
    const mine = createApi({ baseUrl: api.url, token });
    const { items } = await mine.listAccessTokens();
    const tokenId = items.find(({ name }) => name.endsWith('laptop'))?.id;
    expect((await eventsOf('token.made')).at(-1)?.details).toMatchObject({ tokenId });
    await mine.signOut();
    expect((await eventsOf('token.revoked')).at(-1)?.details).toMatchObject({ tokenId });
    await expect(mine.readMe()).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('does not end a token that somebody made for other things', async () => {
    await api.as('engineer').signOut();
    await expect(api.as('engineer').readMe()).resolves.toMatchObject({ email: engineer.email });
  });
});

it('writes down who signed in and whose sign-in was refused, and never what was typed', async () => {
  await trySignIn('my secret guess', 'password-in-the-wrong-field');
  await trySignIn('my secret guess');
  expect((await eventsOf('person.signed_in')).length).toBeGreaterThan(0);
  const refused = await eventsOf('person.sign_in_refused');
  expect(refused.at(-1)).toMatchObject({ subjectEmail: engineer.email });
  expect(
    JSON.stringify(refused, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  ).not.toMatch(/my secret guess|wrong-field/);
  expect((await database.signInAttempt.findMany()).map(({ subject }) => subject).join()).not.toMatch(
    /wrong-field/,
  );
});

it('keeps no cookie, token or password anywhere, and logs none', async () => {
  const { cookie } = await api.browser('engineer');
  const secret = cookie.split('=')[1] ?? '';
  const tables = await Promise.all([
    database.signIn.findMany(),
    database.accessToken.findMany(),
    database.person.findMany(),
    database.auditEvent.findMany(),
  ]);
  const kept = JSON.stringify(tables, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  expect(lines.length).toBeGreaterThan(10);
  const canaries = [secret, ...testAccounts.flatMap(({ password, token }) => [password, token])];
  const found = [kept, lines.join('')].map((text) => canaries.filter((canary) => text.includes(canary)));
  expect(found).toEqual([[], []]);
  expect(lines.join('')).toContain('/api/sign-in');
});
