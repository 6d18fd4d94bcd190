/** The API on a real socket, for `.api.test.ts`. */
import type { Effects } from '@sallyport/effects';
import { simulatedEffects, type SimulatedTime } from '@sallyport/effects/simulated';
import type { Configuration } from '../configuration.ts';
import { makeLogger } from '../platform/telemetry/logger.ts';
import { startApi, type RunningApi } from '../start-api.ts';
import { aConfiguration } from './configuration.ts';

export interface TestApi extends RunningApi {
  readonly effects: Effects & { readonly time: SimulatedTime };
}

/** An API in a simulated time that only the test moves. */
export async function aTestApi(given: { configuration?: Partial<Configuration> } = {}): Promise<TestApi> {
  const effects = simulatedEffects();
  const running = await startApi(aConfiguration(given.configuration), effects, makeLogger('silent'));
  return { ...running, effects };
}
