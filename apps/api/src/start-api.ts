import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { Logger } from 'pino';
import type { Configuration } from './configuration.ts';
import { createApplication } from './create-application.ts';

export interface RunningApi {
  readonly app: NestExpressApplication;
  /** Where people reach it, without a slash at the end. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** A stop that takes longer leaves connections behind rather than keep the machine waiting. */
const stopPatienceMs = 2_500;

/** Starts the API and resolves when it answers. Refuses with INSTALLATION_PORT_TAKEN when another program has the port. */
export async function startApi(
  configuration: Configuration,
  effects: Effects,
  logger: Logger,
): Promise<RunningApi> {
  const app = await createApplication(configuration, effects, { logger });
  try {
    await app.listen(configuration.port, configuration.host);
  } catch (error) {
    await app.close();
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new Problem('INSTALLATION_PORT_TAKEN', {
      detail: `Port ${configuration.port} is taken by another program.`,
      cause: error,
    });
  }
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    app,
    url: configuration.publicUrl ?? `http://localhost:${port}`,
    stop: async () => {
      app.getHttpServer().closeIdleConnections();
      const patience = effects.timers.after(stopPatienceMs, () => app.getHttpServer().closeAllConnections());
      await app.close();
      effects.timers.cancel(patience);
    },
  };
}
