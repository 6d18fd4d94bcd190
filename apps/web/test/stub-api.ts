/**
 * A development stand-in for the API: the contract's routes over a world in memory, the live channel, and the exported
 * site under the same content security policy. `node --conditions=development apps/web/test/stub-api.ts` serves it by
 * hand; the browser test starts it in its own process. It decides nothing that a test of the product may rely on.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { Refusal, recordingFor, routes, meOf } from './stub/routes.ts';
import { busyDay } from './stub/scenario.ts';
import { contentSecurityPolicy, serveSite } from './stub/site.ts';
import { people, type StubPerson, type World } from './stub/world.ts';

export const webRoot = fileURLToPath(new URL('../out', import.meta.url));

const cookieName = '__Host-sallyport';

export interface StubApi {
  url: string;
  /** May be replaced between tests. */
  world: World;
  hint: (topic: string, id: string) => void;
  /** Cuts every live connection, as a restart of the API does. */
  dropLive: () => void;
  close: () => Promise<void>;
}

function signedIn(request: IncomingMessage): StubPerson | undefined {
  const cookies = (request.headers.cookie ?? '').split(/;\s*/);
  const account = cookies.find((each) => each.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
  return account ? people[account as keyof typeof people] : undefined;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text ? (JSON.parse(text) as Record<string, unknown>) : {};
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...headers });
  response.end(JSON.stringify(body));
}

function sendProblem(response: ServerResponse, refusal: Refusal): void {
  const kind =
    { 401: 'unauthenticated', 403: 'refused', 404: 'missing', 409: 'conflict' }[refusal.status] ?? 'bug';
  sendJson(response, refusal.status, {
    type: `https://sallyport.example/problems/${refusal.code}`,
    title: refusal.message,
    detail: refusal.message,
    advice: 'Read the state again, then decide.',
    status: refusal.status,
    code: refusal.code,
    kind,
    instance: 'req-stub',
  });
}

async function signIn(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { email, password } = await bodyOf(request);
  const account = String(email).split('@')[0] ?? '';
  const person = people[account as keyof typeof people];
  if (!person || password !== `door-${account}`) {
    throw new Refusal(401, 'CREDENTIALS_INVALID', 'Email and password do not belong together.');
  }
  const cookie = `${cookieName}=${account}; Path=/; HttpOnly; Secure; SameSite=Lax`;
  sendJson(response, 200, meOf(world, person), { 'set-cookie': cookie });
}

async function answerApi(
  stub: StubApi,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = url.pathname.slice('/api'.length);
  if (path === '/sign-in') return signIn(stub.world, request, response);
  const me = signedIn(request);
  if (!me) throw new Refusal(401, 'SIGN_IN_REQUIRED', 'Nobody is signed in.');
  if (path === '/sign-out') {
    response.writeHead(204, { 'set-cookie': `${cookieName}=; Path=/; Secure; HttpOnly; Max-Age=0` }).end();
    return;
  }
  if (request.method === 'POST' && request.headers.origin !== new URL(stub.url).origin) {
    throw new Refusal(403, 'ORIGIN_FOREIGN', 'The page is not ours.');
  }
  const file = /^\/recordings\/([^/]+)\/body$/.exec(path);
  if (file) {
    const stored = recordingFor({ world: stub.world, me, id: file[1] ?? '' });
    response.writeHead(200, { 'content-type': 'application/age', 'cache-control': 'no-store' });
    response.end(stored.file);
    return;
  }
  const body = request.method === 'POST' ? await bodyOf(request) : {};
  for (const [method, pattern, answer] of routes) {
    const match = method === request.method && pattern.exec(path);
    if (!match) continue;
    const id = decodeURIComponent(match[1] ?? '');
    const { world, hint } = stub;
    return sendJson(response, 200, answer({ world, me, query: url.searchParams, body, id, hint }));
  }
  throw new Refusal(404, 'ROUTE_UNKNOWN', `There is nothing at ${request.method} ${url.pathname}.`);
}

/** Starts the stub on a free port of the loopback interface. */
export async function startStubApi({ port = 0, root = webRoot } = {}): Promise<StubApi> {
  const csp = contentSecurityPolicy(root);
  const live = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', stub.url);
    if (!url.pathname.startsWith('/api')) return serveSite(root, csp, url.pathname, response);
    answerApi(stub, url, request, response).catch((error: unknown) => {
      if (error instanceof Refusal) sendProblem(response, error);
      else sendProblem(response, new Refusal(500, 'INTERNAL_ERROR', String(error)));
    });
  });
  server.on('upgrade', (request, socket, head) => {
    const me = signedIn(request);
    if (request.url !== '/api/live' || !me || request.headers.origin !== new URL(stub.url).origin) {
      socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
      return;
    }
    live.handleUpgrade(request, socket, head, (connection) =>
      connection.send(JSON.stringify({ topic: 'hello', id: me.id })),
    );
  });
  const stub: StubApi = {
    url: '',
    world: busyDay(),
    hint: (topic, id) => {
      const text = JSON.stringify({ topic, id, version: 2, at: new Date().toISOString() });
      for (const connection of live.clients) connection.send(text);
    },
    dropLive: () => {
      for (const connection of live.clients) connection.terminate();
    },
    close: async () => {
      stub.dropLive();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  stub.url = `http://localhost:${(server.address() as AddressInfo).port}`;
  return stub;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stub = await startStubApi({ port: Number(process.env.PORT ?? 3100) });
  process.stdout.write(`${stub.url} (engineer, approver, admin, auditor, outsider; password door-NAME)\n`);
}
