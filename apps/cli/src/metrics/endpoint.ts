import { createServer, type Server } from 'node:http';
import { isIP, type AddressInfo, type Socket } from 'node:net';
import { Problem } from '@sallyport/problems';
import { isLoopback } from '../settings/server-address.ts';

/** What a scrape tells of one tunnel. Nothing in it is data of a person. */
export interface MeasuredTunnel {
  readonly name: string;
  readonly state: string;
  readonly endsAt: string;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly rttMs: number | null;
  readonly flows: number;
  readonly sessions: readonly { readonly retransmitted: number }[];
  readonly reconnects: Readonly<Record<string, number>>;
}

export interface MetricsEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

/** Host and port of `--metrics`; refuses what is not `ADDRESS:PORT` with LOCAL_ADDRESS_INVALID. */
export function metricsAddress(text: string): { host: string; port: number } {
  const found = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:]+)):(?<port>\d{1,5})$/u.exec(text)?.groups;
  const host = found?.['six'] ?? found?.['four'] ?? '';
  const port = Number(found?.['port'] ?? NaN);
  const name = host === 'localhost' ? '127.0.0.1' : host;
  if (isIP(name) === 0 || !(port <= 65_535))
    throw new Problem('LOCAL_ADDRESS_INVALID', {
      detail: `--metrics takes ADDRESS:PORT, such as 127.0.0.1:9464, not "${text.slice(0, 40)}".`,
    });
  return { host: name, port };
}

/**
 * Serves the tunnels' figures to Prometheus at `/metrics`, made at each scrape. `admit` judges the program that asks: what a person reaches, and how much of it,
 * is no affair of other users of this machine. Refuses with LOCAL_PORT_TAKEN or LOCAL_PORT_REFUSED.
 */
export async function serveMetrics(
  { host, port }: { host: string; port: number },
  tunnels: () => readonly MeasuredTunnel[],
  now: () => number,
  admit: (socket: Socket) => Promise<boolean>,
): Promise<MetricsEndpoint> {
  // Loaded by those who ask for figures alone: it would cost every other start.
  const { scrape } = await import('./scrape.ts');
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(body);
    };
    // A page whose name was rebound to this machine still says its own name.
    const asked = `http://${request.headers.host ?? ''}`;
    if (isLoopback(host) && !(URL.canParse(asked) && isLoopback(new URL(asked).hostname)))
      return answer(421, 'text/plain', 'ask for it by the address of this machine\n');
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics')
      return answer(404, 'text/plain', 'the figures are at /metrics\n');
    const figures = async () => {
      if (!(await admit(request.socket))) return void request.socket.resetAndDestroy();
      const { type, text } = await scrape(tunnels(), now());
      answer(200, type, text);
    };
    figures().catch(() => answer(500, 'text/plain', 'the figures could not be made\n'));
  });
  server.headersTimeout = 5_000;
  server.maxConnections = 16;
  const bound = await listening(server, host, port);
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics`, close };
}

function listening(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new Problem(cause.code === 'EADDRINUSE' ? 'LOCAL_PORT_TAKEN' : 'LOCAL_PORT_REFUSED', {
          detail: `Port ${port} on ${host} could not be opened for --metrics (${cause.code ?? 'unknown'}).`,
          cause,
        }),
      ),
    );
    server.listen({ host, port, exclusive: true }, () => resolve((server.address() as AddressInfo).port));
  });
}
