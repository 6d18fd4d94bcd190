import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { Problem, toDocument } from '@sallyport/problems';
import type { Request, Response } from 'express';
import { EFFECTS } from '../../effects.module.ts';
import { LostRace, translated } from '../database/database-refusal.ts';
import { RouteTable } from './route-table.ts';
import { requestIdOf } from './request-id.ts';

/** Turns whatever was thrown into one problem document; what nobody catalogued is a bug and shows only an id. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #effects: Effects;
  readonly #routes: RouteTable;

  constructor(@Inject(EFFECTS) effects: Effects, @Inject(RouteTable) routes: RouteTable) {
    this.#effects = effects;
    this.#routes = routes;
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const problem = this.#problemOf(thrown, request, response);
    const requestId = requestIdOf(request);
    if (problem.kind === 'bug') this.#report(thrown, requestId);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (problem.occurrence.retryAfterSeconds !== undefined)
      response.setHeader('Retry-After', String(Math.ceil(problem.occurrence.retryAfterSeconds)));
    if (problem.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="sallyport"');
    response
      .status(problem.status)
      .type('application/problem+json')
      .send(JSON.stringify(toDocument(problem, requestId)));
  }

  #problemOf(error: unknown, request: Request, response: Response): Problem {
    // Reads do not pass the unit of work, which translates for commits.
    const thrown = translated(error);
    if (thrown instanceof Problem) return thrown;
    if (thrown instanceof LostRace) return new Problem('STATE_CHANGED_MEANWHILE', { cause: thrown });
    const status = thrown instanceof HttpException ? thrown.getStatus() : undefined;
    if (status === 404) {
      const allowed = this.#routes.methodsAt(pathOf(request));
      if (allowed.length === 0) return new Problem('ROUTE_UNKNOWN');
      response.setHeader('Allow', allowed.join(', '));
      return new Problem('METHOD_NOT_ALLOWED', { detail: `This address takes ${allowed.join(', ')}.` });
    }
    if (!decodes(pathOf(request))) return new Problem('ROUTE_UNKNOWN');
    if (status !== undefined && status < 500) return new Problem('INPUT_INVALID');
    return new Problem('INTERNAL_ERROR', { cause: thrown });
  }

  #report(thrown: unknown, requestId: string): void {
    const error = thrown instanceof Error ? thrown : new Error('something that is no error was thrown');
    const cause = error instanceof Problem && error.cause instanceof Error ? error.cause : error;
    // The message may quote input; the place in our code does not.
    const place = cause.stack?.split('\n').find((line) => line.trim().startsWith('at '));
    this.#effects.log.write('error', 'bug', { requestId, error: cause.name, place: place?.trim() ?? null });
  }
}

/** The path as it was asked for; `request.path` is cut at the prefix where nothing matched. */
function pathOf(request: Request): string {
  return request.originalUrl.split('?')[0] ?? '';
}

function decodes(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** What the body parser threw, in our words; everything else unchanged. Used as Express error middleware. */
export function translateParserError(
  error: unknown,
  _request: Request,
  _response: Response,
  next: (error: unknown) => void,
): void {
  next(parserProblem(error) ?? error);
}

function parserProblem(error: unknown): Problem | undefined {
  const type = (error as { type?: unknown } | null)?.type;
  if (type === 'entity.too.large') return new Problem('BODY_TOO_LARGE');
  if (type === 'entity.parse.failed' || type === 'request.size.invalid' || type === 'request.aborted')
    return new Problem('JSON_MALFORMED');
  if (type === 'charset.unsupported' || type === 'encoding.unsupported')
    return new Problem('CONTENT_TYPE_UNSUPPORTED');
  return undefined;
}
