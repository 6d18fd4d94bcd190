/** The API on a real socket, for `.api.test.ts`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApi, type Api } from '@sallyport/api-client';
import type { Effects } from '@sallyport/effects';
import { simulatedEffects, type SimulatedTime } from '@sallyport/effects/simulated';
import type { Configuration } from '../configuration.ts';
import { logOf, makeLogger } from '../platform/telemetry/logger.ts';
import { startApi, type RunningApi } from '../start-api.ts';
import { testAccount, testAccounts, type AccountName } from './accounts.ts';
import { aConfiguration } from './configuration.ts';
import { startTestServer } from './database.ts';

export interface TestApi extends RunningApi {
  readonly effects: Effects & { readonly time: SimulatedTime };
  /** The generated client, signed in by a person's token. */
  as(name: AccountName): Api;
  /** Signs a browser in; gives the headers of its further requests. */
  browser(name: AccountName): Promise<{ cookie: string; origin: string; 'content-type': string }>;
}

/**
 * An API in a simulated time that only the test moves, with the five accounts, on a database of its own unless one
 * is given.
 */
export async function aTestApi(
  given: {
    configuration?: Partial<Configuration>;
    effects?: Effects & { readonly time: SimulatedTime };
    destination?: { write(line: string): void };
  } = {},
): Promise<TestApi> {
  const logger = given.destination ? makeLogger('debug', given.destination) : makeLogger('silent');
  const effects = given.effects ?? simulatedEffects({ log: logOf(logger) });
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-api-'));
  const accountsFile = join(folder, 'accounts.json');
  await writeFile(accountsFile, JSON.stringify({ accounts: testAccounts }), { mode: 0o600 });
  const server = given.configuration?.databaseUrl === undefined ? await startTestServer() : undefined;
  const databaseUrl = given.configuration?.databaseUrl ?? (await server?.freshDatabase())?.ownerUrl;
  const configuration = aConfiguration({ accountsFile, ...given.configuration, databaseUrl });
  const cleanUp = async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const running = await startApi(configuration, effects, logger).catch(async (error: unknown) => {
    await cleanUp();
    throw error;
  });
  return {
    ...running,
    effects,
    as: (name) => createApi({ baseUrl: running.url, token: testAccount(name).token }),
    browser: async (name) => {
      const { email, password } = testAccount(name);
      const headers = { origin: running.url, 'content-type': 'application/json' };
      const answer = await fetch(`${running.url}/api/sign-in`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ email, password }),
      });
      const cookie = answer.headers.getSetCookie()[0]?.split(';')[0];
      if (!cookie) throw new Error(`sign-in answered ${answer.status}`);
      return { cookie, ...headers };
    },
    stop: async () => {
      await running.stop();
      await cleanUp();
    },
  };
}
