import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Effects, TimerHandle, Timers } from '@sallyport/effects';
import { Problem, toDocument } from '@sallyport/problems';
import { requestIdOf } from './request-id.ts';

/** A small body is here by then; the slowest line takes seconds for it. */
export const wholeBodyMs = 60_000;
/** Of a large body at least so much arrives in each such time: 4 KiB/s, which a line over a satellite does. */
export const progress = { everyMs: 30_000, bytesMin: 30 * 4096 } as const;

/** Bodies of up to 64 MiB. */
const large = /^PUT \/api\/recordings\/[^/]+\/body(?:\?|$)/;

/**
 * Bounds the time of bodies: small ones as a whole, large ones by what arrives in each half minute, so that a slow line
 * gets everything through and who only holds a connection is refused (REQUEST_TOO_SLOW) and cut off. In place of the
 * server's own bound for a whole request, which ends every upload after five minutes.
 */
export function boundBodies(server: Server, { timers }: Pick<Effects, 'timers'>) {
  server.requestTimeout = 0;
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    if (hasBody(request)) new BodyClock(request, response, timers);
    next();
  };
}

class BodyClock {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #timers: Timers;
  readonly #large: boolean;
  #seen: number;
  #timer: TimerHandle;

  constructor(request: IncomingMessage, response: ServerResponse, timers: Timers) {
    this.#request = request;
    this.#response = response;
    this.#timers = timers;
    this.#large = large.test(`${request.method} ${request.url}`);
    this.#seen = request.socket.bytesRead;
    this.#timer = this.#large
      ? timers.every(progress.everyMs, () => this.#look())
      : timers.after(wholeBodyMs, () => this.#refuse());
    request.once('end', () => this.#stop());
    request.once('close', () => this.#stop());
    // Who was answered has no reason to go on sending for hours.
    response.once('finish', () => {
      if (request.complete || !this.#large) return;
      this.#stop();
      this.#timer = timers.after(wholeBodyMs, () => request.socket.destroy());
    });
  }

  #look(): void {
    const { bytesRead } = this.#request.socket;
    const moved = bytesRead - this.#seen;
    this.#seen = bytesRead;
    // What has arrived and was not taken out yet waits for us.
    if (moved < progress.bytesMin && this.#request.readableLength === 0) this.#refuse();
  }

  #refuse(): void {
    this.#stop();
    const { socket } = this.#request;
    if (this.#response.headersSent) return void socket.destroy();
    const problem = new Problem('REQUEST_TOO_SLOW');
    this.#response.writeHead(problem.status, {
      'Content-Type': 'application/problem+json',
      Connection: 'close',
    });
    this.#response.end(JSON.stringify(toDocument(problem, requestIdOf(this.#request))), () =>
      socket.destroy(),
    );
  }

  #stop(): void {
    this.#timers.cancel(this.#timer);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
