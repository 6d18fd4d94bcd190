import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { Problem } from '@sallyport/problems';
import type { RunningAgent } from '../start-agent.ts';

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1 alone and hands every connection to the agent. Refuses AGENT_PORT_TAKEN. */
export function listenOnLoopback(agent: RunningAgent, port: number): Promise<Listening> {
  const server = createServer({ noDelay: true }, (socket) => agent.accept(socket));
  return listening(server, port);
}

/** Serves `text` at `/metrics` on 127.0.0.1. */
export function serveMetrics(text: () => Promise<string>, port: number): Promise<Listening> {
  const server = createHttpServer((request, response) => {
    // A page in a browser on this machine has no business here, by whatever name it calls loopback.
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    const known = ['127.0.0.1', 'localhost'].includes(host) && request.url === '/metrics';
    if (!known || request.method !== 'GET') {
      response.writeHead(404).end();
      return;
    }
    void text().then(
      (body) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  server.headersTimeout = 5_000;
  server.maxConnections = 16;
  return listening(server, port);
}

function listening(
  server: ReturnType<typeof createServer> | ReturnType<typeof createHttpServer>,
  port: number,
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new Problem('AGENT_PORT_TAKEN', {
          detail: `Port ${String(port)} of loopback cannot be used.`,
          cause,
        }),
      );
    });
    server.listen({ host: '127.0.0.1', port, backlog: 4096 }, () => {
      const at = server.address();
      resolve({
        port: typeof at === 'object' && at !== null ? at.port : port,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            if ('closeAllConnections' in server) server.closeAllConnections();
          }),
      });
    });
  });
}
