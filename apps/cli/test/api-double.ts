import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { kinds, type ProblemKind } from '@sallyport/problems';

export const token = 'sp_canary-token-0123456789abcdef';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly authorization: string | undefined;
}

interface Given {
  status?: number;
  body?: unknown;
  /** Content type, when it is not JSON. */
  type?: string;
}
type Answer = Given | ((asked: Asked) => Given);

/** A control plane of canned answers by `METHOD /path`; remembers what it was asked and can hint. */
export class ApiDouble {
  readonly asked: Asked[] = [];
  readonly answers = new Map<string, Answer>();
  readonly #http: Server;
  readonly #live: WebSocketServer;
  url = '';
  /** How far its clock is ahead of ours. */
  clockOffsetMs = 0;

  private constructor() {
    this.#http = createServer((request, response) => {
      void this.#answer(request).then(({ status = 200, body, type }) => {
        response.writeHead(status, {
          'content-type': type ?? (status < 400 ? 'application/json' : 'application/problem+json'),
          date: new Date(Date.now() + this.clockOffsetMs).toUTCString(),
        });
        response.end(body === undefined ? '' : JSON.stringify(body));
      });
    });
    this.#live = new WebSocketServer({ server: this.#http, path: '/api/live' });
    this.#live.on('connection', (socket) => socket.send(JSON.stringify({ topic: 'hello', id: 'prs_1' })));
  }

  static async start(): Promise<ApiDouble> {
    const api = new ApiDouble();
    await once(api.#http.listen(0, '127.0.0.1'), 'listening');
    api.url = `http://127.0.0.1:${(api.#http.address() as AddressInfo).port}`;
    api.on('GET /me', { body: me });
    api.on('GET /health/live', { body: { status: 'ok' } });
    return api;
  }

  on(route: string, answer: Answer): void {
    this.answers.set(route, answer);
  }

  refuse(
    route: string,
    status: number,
    code: string,
    kind: ProblemKind,
    detail: string,
    more: object = {},
  ): void {
    const body = {
      type: `/docs/problems/${code}`,
      title: detail,
      status,
      detail,
      code,
      kind,
      advice: 'Do so.',
      ...more,
    };
    this.on(route, { status: status || kinds[kind].status, body });
  }

  hint(topic: string, id: string): void {
    for (const socket of this.#live.clients)
      socket.send(JSON.stringify({ topic, id, version: 1, at: '2026-01-01T00:00:00Z' }));
  }

  /** Answers upgrades as a filter does that knows HTTP alone. */
  blockWebSockets(): void {
    this.#http.removeAllListeners('upgrade');
    this.#http.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'),
    );
  }

  async stop(): Promise<void> {
    for (const socket of this.#live.clients) socket.terminate();
    this.#live.close();
    this.#http.closeAllConnections();
    await new Promise((done) => this.#http.close(done));
  }

  async #answer(request: IncomingMessage): Promise<Given> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const whole = Buffer.concat(chunks);
    const json = (request.headers['content-type'] ?? 'application/json').startsWith('application/json');
    const path = url.pathname.replace(/^\/api/u, '');
    const asked: Asked = {
      method: request.method ?? '',
      path,
      query: url.searchParams,
      body: whole.length === 0 ? undefined : json ? JSON.parse(whole.toString()) : whole,
      authorization: request.headers.authorization,
    };
    this.asked.push(asked);
    const answer = this.answers.get(`${asked.method} ${path}`);
    if (!answer) {
      const body = {
        type: '',
        title: 'Nothing here.',
        status: 404,
        detail: `No answer for ${asked.method} ${path}.`,
        code: 'ROUTE_UNKNOWN',
        kind: 'missing',
        advice: '',
      };
      return { status: 404, body };
    }
    return typeof answer === 'function' ? answer(asked) : answer;
  }
}

export const me = {
  id: 'prs_1',
  name: 'Engineer',
  email: 'engineer@example.com',
  roles: ['engineer'],
  groups: ['engineers'],
  signedInBy: 'token',
  scopes: null,
  counts: { toReview: 0, activeGrants: 0, liveSessions: 0 },
  server: { name: 'sallyport', version: '0.1.0' },
};

const person = { id: 'prs_1', name: 'Engineer', email: 'engineer@example.com' };
const approver = { id: 'prs_2', name: 'Approver', email: 'approver@example.com' };
const prodRds = { id: 'rsc_1', name: 'prod-rds', kind: 'database' };

export function aResource(over: object = {}) {
  return {
    ...prodRds,
    title: 'Orders database',
    description: 'PostgreSQL of the shop',
    environment: 'production',
    tags: { team: 'shop' },
    host: 'prod-db.internal',
    port: 5432,
    cidr: null,
    protocol: 'postgresql',
    database: { name: 'shop', role: 'app_ro' },
    account: { id: '111122223333', name: 'spoke' },
    region: 'eu-west-1',
    gateway: { selector: { ServerType: 'bastion' }, instanceId: 'i-0123456789abcdef0', state: 'online' },
    connectable: true,
    notConnectable: null,
    rule: {
      policy: 'production',
      maxDurationSeconds: 14_400,
      defaultDurationSeconds: 3600,
      reasonRequired: true,
      reasonExample: 'INC-1 slow query',
      autoApproved: false,
      reviewers: ['db-owners'],
      usualWaitSeconds: 240,
    },
    recording: { recorded: false, where: null, statement: 'Content is not recorded.' },
    mine: { state: 'none', requestId: null, grantId: null, endsAt: null },
    ...over,
  };
}

export function aRequest(over: object = {}) {
  return {
    id: 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
    state: 'pending',
    version: 1,
    requester: person,
    items: [{ id: 'itm_1', state: 'pending', resource: prodRds, grantId: null }],
    reason: 'INC-4312 slow checkout query',
    ticket: null,
    durationSeconds: 3600,
    createdAt: '2026-01-01T00:00:00.000Z',
    startsAt: null,
    lapsesAt: '2026-01-02T00:00:00.000Z',
    decidedAt: null,
    reviews: [],
    reviewers: ['db-owners'],
    usualWaitSeconds: 240,
    mayReview: false,
    mayCancel: true,
    facts: null,
    factsDigest: null,
    ...over,
  };
}

export function aReview(verdict: 'approve' | 'deny', comment: string | null = null) {
  return {
    id: 'rev_1',
    reviewer: approver,
    automatic: false,
    verdict,
    comment,
    at: '2026-01-01T00:01:00.000Z',
  };
}

export function aGrant(over: object = {}) {
  return {
    id: 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
    state: 'active',
    endReason: null,
    endComment: null,
    version: 1,
    resource: prodRds,
    person,
    requestId: 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
    approvedBy: approver,
    automatic: false,
    reason: 'INC-4312',
    startsAt: '2026-01-01T00:00:00.000Z',
    endsAt: '2036-01-01T01:00:00.000Z',
    endedAt: null,
    sessions: { live: 0, total: 0 },
    connectLine: 'tunnel connect prod-rds',
    ...over,
  };
}

export function aLease(over: object = {}) {
  return {
    id: 'lse_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
    state: 'issued',
    grantId: 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
    usefulUntil: '2036-01-01T00:02:00.000Z',
    region: 'eu-west-1',
    accountId: '111122223333',
    instanceId: 'i-0123456789abcdef0',
    documentName: 'jit-prod-rds',
    sessionReason: 'grant:grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
    sessionNamePrefix: 'jit-grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
    endpoint: null,
    credentials: {
      accessKeyId: 'ASIAEXAMPLE0000000000',
      secretAccessKey: 'lease-secret-canary',
      sessionToken: 'lease-token-canary',
      expiration: '2036-01-01T00:15:00.000Z',
    },
    resource: {
      ...prodRds,
      host: 'prod-db.internal',
      port: 5432,
      protocol: 'postgresql',
      database: { name: 'shop', role: 'app_ro' },
    },
    ...over,
  };
}
