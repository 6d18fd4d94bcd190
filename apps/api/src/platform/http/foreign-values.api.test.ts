import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aTestApi, type TestApi } from '../../testing/api.ts';
import { testAccount, type AccountName } from '../../testing/accounts.ts';
import { startTestServer, type TestServer } from '../../testing/database.ts';

let server: TestServer;
let api: TestApi;

beforeAll(async () => {
  server = await startTestServer();
  api = await aTestApi({ configuration: { databaseUrl: (await server.freshDatabase()).ownerUrl } });
});
afterAll(async () => {
  await api?.stop();
  await server?.stop();
});

async function ask(name: AccountName, method: string, path: string, body?: string) {
  const answer = await fetch(`${api.url}/api${path}`, {
    method,
    headers: {
      authorization: `Bearer ${testAccount(name).token}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body } : {}),
  });
  return { status: answer.status, code: ((await answer.json()) as { code?: string }).code };
}

const wish = { resources: ['prod-rds'], durationSeconds: 1800, reason: 'INC-1' };

describe('a value that the database cannot hold is the caller’s mistake and no bug', () => {
  it.each([
    ['a NUL in an e-mail address', 'POST', '/sign-in', { email: 'a\0@example.com', password: 'x' }],
    ['a NUL in a ticket', 'POST', '/access-requests', { ...wish, ticket: 'x\0' }],
    ['a NUL in an id', 'GET', '/grants/grt_%00', undefined],
    ['a NUL in a filter', 'GET', '/audit-events?person=%00', undefined],
    ['a week for a time', 'GET', '/audit-events?from=2026-W10', undefined],
    ['a time beyond the calendar', 'GET', '/audit-events?to=%2B275760-09-13T00:00:00Z', undefined],
  ])('%s', async (_, method, path, body) => {
    const name = method === 'GET' ? 'auditor' : 'engineer';
    const answer = await ask(name, method, path, body && JSON.stringify(body));
    expect(answer).toEqual({ code: 'INPUT_INVALID', status: 422 });
  });

  it('half a character in a reason', async () => {
    const body = JSON.stringify({ ...wish, resources: ['staging-rds'], reason: 'half' });
    const answer = await ask('engineer', 'POST', '/access-requests', body.replace('half', '\\ud800'));
    expect(answer).toEqual({ code: 'JSON_MALFORMED', status: 400 });
  });
});

it('a database that is gone makes reads unavailable, which may be tried again', async () => {
  await server.cluster.stop();
  expect(await ask('auditor', 'GET', '/me')).toEqual({ code: 'DATABASE_UNAVAILABLE', status: 503 });
});
