import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Effects } from '@sallyport/effects';
import type { Logger } from 'pino';
import { AppModule } from './app.module.ts';
import type { Configuration } from './configuration.ts';
import { dressApplication } from './platform/http/dress-application.ts';
import { makeLogger, NestLog } from './platform/telemetry/logger.ts';

/**
 * The whole API, ready to listen. Throws when a route does not declare its access.
 * With `preview` nothing is constructed and nothing is connected to: enough to describe the API.
 */
export async function createApplication(
  configuration: Configuration,
  effects: Effects,
  options: { readonly preview?: boolean; readonly logger?: Logger } = {},
): Promise<NestExpressApplication> {
  const logger = options.logger ?? makeLogger('silent');
  const module = AppModule.of(configuration, effects, logger);
  const app = await NestFactory.create<NestExpressApplication>(module, {
    bodyParser: false,
    // Agents sign the bytes of their bodies.
    rawBody: true,
    abortOnError: false,
    bufferLogs: true,
    preview: options.preview ?? false,
    ...(options.preview ? { logger: false } : {}),
  });
  if (options.preview) {
    app.setGlobalPrefix('api');
    return app;
  }
  app.useLogger(new NestLog(logger));
  await dressApplication(app, configuration, effects);
  return app;
}
