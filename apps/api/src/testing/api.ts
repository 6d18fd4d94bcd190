/** The API on a real socket, for `.api.test.ts`. */
import type { Effects } from '@sallyport/effects';
import { simulatedEffects, type SimulatedTime } from '@sallyport/effects/simulated';
import type { Configuration } from '../configuration.ts';
import { makeLogger } from '../platform/telemetry/logger.ts';
import { startApi, type RunningApi } from '../start-api.ts';
import { aConfiguration } from './configuration.ts';
import { startTestServer } from './database.ts';

export interface TestApi extends RunningApi {
  readonly effects: Effects & { readonly time: SimulatedTime };
}

/** An API in a simulated time that only the test moves, on a database of its own unless one is given. */
export async function aTestApi(given: { configuration?: Partial<Configuration> } = {}): Promise<TestApi> {
  const effects = simulatedEffects();
  const server = given.configuration?.databaseUrl === undefined ? await startTestServer() : undefined;
  const databaseUrl = given.configuration?.databaseUrl ?? (await server?.freshDatabase())?.ownerUrl;
  const configuration = aConfiguration({ ...given.configuration, databaseUrl });
  const running = await startApi(configuration, effects, makeLogger('silent'));
  const stop = async () => {
    await running.stop();
    await server?.stop();
  };
  return { ...running, stop, effects };
}
