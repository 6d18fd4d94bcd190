import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { WsAdapter } from '@nestjs/platform-ws';
import type { Effects } from '@sallyport/effects';
import type { Configuration } from '../../configuration.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { boundBodies } from './body-clock.ts';
import { bodyBytesMax, idleConnectionMs } from './limits.ts';
import { translateParserError } from './problem.filter.ts';
import { giveRequestIds } from './request-id.ts';
import { RouteTable } from './route-table.ts';
import { securityHeaders } from './security-headers.ts';
import { serveSite } from './site.ts';
import { validationPipe } from './validation.ts';

/** Puts on everything that lies between the socket and the controllers, in the order in which requests meet it. */
export async function dressApplication(
  app: NestExpressApplication,
  configuration: Configuration,
  effects: Effects,
): Promise<void> {
  const webRoot = resolve(configuration.webRoot);
  app.get(RouteTable).demandDeclarations();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.setGlobalPrefix('api');
  app.useGlobalPipes(validationPipe());
  // Behind our own proxy the caller's address is the one it adds; without a proxy nobody may claim another.
  if (configuration.publicUrl !== undefined) app.set('trust proxy', 'loopback');
  app.use(giveRequestIds(effects));
  app.getHttpServer().keepAliveTimeout = idleConnectionMs;
  app.use(boundBodies(app.getHttpServer(), effects));
  app.use(app.get(Metrics).timeRequest);
  app.use(await securityHeaders(webRoot, configuration));
  if (existsSync(webRoot)) serveSite(app, webRoot);
  app.useWebSocketAdapter(new WsAdapter(app));
  app.useBodyParser('json', { limit: bodyBytesMax, strict: true, reviver: wellFormed });
  app.use(translateParserError);
}

/** Half a character (a lone surrogate) is no text: it can be neither stored nor digested. The parser reports what is thrown. */
function wellFormed(_key: string, value: unknown): unknown {
  if (typeof value === 'string' && !value.isWellFormed()) throw new SyntaxError('a text is not well-formed');
  return value;
}
