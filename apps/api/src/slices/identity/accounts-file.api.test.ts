import { afterAll, beforeAll, expect, it } from 'vitest';
import { aTestApi } from '../../testing/api.ts';
import { startTestServer, type TestServer } from '../../testing/database.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server?.stop();
});

it('keeps a database in which sandbox accounts can sign in from being used on real AWS', async () => {
  const { ownerUrl: databaseUrl } = await server.freshDatabase();
  const live = { databaseUrl, aws: 'live', accountsFile: undefined } as const;
  await (await aTestApi({ configuration: live })).stop();
  await (await aTestApi({ configuration: { databaseUrl } })).stop();
  await expect(aTestApi({ configuration: live })).rejects.toMatchObject({ code: 'CONFIGURATION_UNSAFE' });
});
