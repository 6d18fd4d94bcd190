import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Effects } from '@sallyport/effects';
import { AppModule } from './app.module.ts';
import type { Configuration } from './configuration.ts';
import { dressApplication } from './platform/http/dress-application.ts';

/**
 * The whole API, ready to listen. Throws when a route does not declare its access.
 * With `preview` nothing is constructed and nothing is connected to: enough to describe the API.
 */
export async function createApplication(
  configuration: Configuration,
  effects: Effects,
  options: { readonly preview?: boolean } = {},
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.of(configuration, effects), {
    bodyParser: false,
    abortOnError: false,
    logger: options.preview ? false : ['warn', 'error', 'fatal'],
    preview: options.preview ?? false,
  });
  if (options.preview) app.setGlobalPrefix('api');
  else await dressApplication(app, configuration, effects);
  return app;
}
