import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Figures of this process, without anything that names a person or a resource. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  readonly #requests = new Histogram({
    name: 'sallyport_http_request_seconds',
    help: 'Time to answer, by route',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.02, 0.1, 0.5, 2],
    registers: [this.registry],
  });
  readonly leases = new Counter({
    name: 'sallyport_leases_total',
    help: 'Leases by outcome: issued, failed, unknown',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });
  readonly agentTokens = new Counter({
    name: 'sallyport_agent_tokens_total',
    help: 'Tokens issued for companion agents',
    registers: [this.registry],
  });
  readonly flows = new Counter({
    name: 'sallyport_flow_records_total',
    help: 'Flow records of companion agents by outcome: kept, refused',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });
  readonly liveConnections = new Gauge({
    name: 'sallyport_live_connections',
    help: 'Open connections at /api/live',
    registers: [this.registry],
  });

  /** Counted when somebody reads: work that was given up, by what kind it is. */
  countGivenUp(read: () => Promise<readonly { readonly topic: string; readonly entries: number }[]>): void {
    new Gauge({
      name: 'sallyport_work_given_up',
      help: 'Work that was tried as often as it may be and is done by nobody',
      labelNames: ['topic'] as const,
      registers: [this.registry],
      async collect() {
        const found = await read().catch(() => undefined);
        // The database does not answer, which readiness tells: a figure of before would be a guess.
        this.reset();
        for (const { topic, entries } of found ?? []) this.set({ topic }, entries);
      },
    });
  }

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Middleware that times every answer; it must be the one instance that is read. */
  readonly timeRequest = (request: Request, response: Response, next: NextFunction): void => {
    const end = this.#requests.startTimer();
    response.once('finish', () => {
      // The route's pattern, never the path: an address may hold an id and would be a label of its own.
      const route = (request.route as { path?: string } | undefined)?.path ?? 'none';
      end({ method: request.method, route, status: String(response.statusCode) });
    });
    next();
  };
}
