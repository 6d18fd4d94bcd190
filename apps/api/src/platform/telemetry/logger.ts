import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LoggerService } from '@nestjs/common';
import type { Log } from '@sallyport/effects';
import type { Params } from 'nestjs-pino';
import { pino, type DestinationStream, type Logger } from 'pino';
import type { Configuration } from '../../configuration.ts';
import { requestIdOf } from '../http/request-id.ts';

/**
 * The fields that may appear in a log line; every other is dropped before it is written. Add one here only when it
 * can never hold a secret or somebody's words.
 */
const allowedFields = new Set([
  ...[
    'event',
    'url',
    'context',
    'req',
    'res',
    'responseTime',
    'err',
    'requestId',
    'error',
    'place',
    'code',
    'kind',
  ],
  ...['accessRequestId', 'grantId', 'leaseId', 'sessionId', 'resourceId', 'personId', 'accessKeyId'],
  ...[
    'topic',
    'key',
    'attempts',
    'operation',
    'principal',
    'outcome',
    'count',
    'milliseconds',
    'version',
    'state',
  ],
  ...[
    'awsRequestId',
    'ssmSessionId',
    'instanceId',
    'documentName',
    'sweep',
    'reason',
    'tokenUtilization',
    'closeCode',
    'job',
  ],
]);

const serializers = { req: requestFields, res: responseFields, err: errorFields };

/** JSON lines on `destination` (standard output by default), allow-listed. */
export function makeLogger(level: Configuration['logLevel'], destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) =>
        Object.fromEntries(Object.entries(fields).filter(([name]) => allowedFields.has(name))),
    },
    serializers,
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Neither headers nor query: tokens travel in the one, names of people in the other. */
function requestFields(request: IncomingMessage & { raw?: IncomingMessage; originalUrl?: string }) {
  const raw = (request.raw ?? request) as IncomingMessage & { originalUrl?: string };
  return { method: raw.method, path: (raw.originalUrl ?? raw.url ?? '').split('?')[0] };
}

function responseFields(response: ServerResponse & { raw?: ServerResponse }) {
  return { status: (response.raw ?? response).statusCode };
}

/** Where, not what: messages of foreign errors may quote their input. */
function errorFields(error: Error) {
  const place = error.stack?.split('\n').find((line) => line.trim().startsWith('at '));
  return { type: error.name, place: place?.trim() };
}

/** The log port over the same lines. */
export function logOf(logger: Logger): Log {
  return { write: (level, message, fields) => logger[level]({ ...fields }, message) };
}

/** What nestjs-pino needs: one line per request, at a level that fits the answer. */
export function httpLogging(logger: Logger): Params {
  return {
    pinoHttp: {
      logger,
      // pino-http brings serializers of its own, which would write every header; ours are named to it as well.
      serializers,
      wrapSerializers: false,
      quietReqLogger: true,
      genReqId: (request) => requestIdOf(request),
      customAttributeKeys: { reqId: 'requestId' },
      customLogLevel: (_request, response) => (response.statusCode >= 500 ? 'error' : 'info'),
      customSuccessMessage: () => 'request',
      customErrorMessage: () => 'request',
      autoLogging: {
        ignore: (request) => !request.url?.startsWith('/api') || request.url.startsWith('/api/health'),
      },
    },
  };
}

/** What the framework itself has to say: its warnings and errors; how it starts up interests nobody. */
export class NestLog implements LoggerService {
  readonly #logger: Logger;
  constructor(logger: Logger) {
    this.#logger = logger;
  }
  log(): void {
    // The ready line says what matters.
  }
  warn(_message: unknown, context?: unknown): void {
    this.#logger.warn(contextOf(context), 'framework');
  }
  error(message: unknown, ...rest: unknown[]): void {
    const err = [message, ...rest].find((part) => part instanceof Error);
    this.#logger.error({ ...contextOf(rest.at(-1)), ...(err ? { err } : {}) }, 'framework');
  }
}

function contextOf(context: unknown): { context?: string } {
  return typeof context === 'string' ? { context } : {};
}
