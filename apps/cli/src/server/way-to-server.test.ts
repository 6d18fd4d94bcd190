import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { serverAt } from './server.ts';

/** A proxy that refuses every CONNECT with a status. */
let proxy: Server;
let status: number;
const told: string[] = [];

beforeEach(async () => {
  for (const name of ['https_proxy', 'ALL_PROXY', 'all_proxy', 'NO_PROXY', 'no_proxy']) vi.stubEnv(name, '');
  proxy = createServer();
  proxy.on('connect', (_request, socket) => {
    socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const { port } = proxy.address() as AddressInfo;
  vi.stubEnv('HTTPS_PROXY', `http://ann:canary@127.0.0.1:${port}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  proxy.closeAllConnections();
  await new Promise((done) => proxy.close(done));
});

it.each([
  [407, 'PROXY_REFUSED', 11],
  [403, 'PROXY_REFUSED', 11],
  [502, 'PROXY_UNREACHABLE', 10],
])(
  'a proxy that answers %i is %s, exit %i, and its password is told to nobody',
  async (answer, code, exitCode) => {
    status = answer;
    const { api } = serverAt({
      address: new URL('https://sallyport.company.test'),
      token: 'token',
      version: '0.0.0-test',
      debug: (what, fields) => told.push(`${what} ${JSON.stringify(fields)}`),
    });
    const refusal = (await api.readMe().catch((error: unknown) => error)) as Error;
    expect(refusal).toMatchObject({ code, exitCode });
    expect([refusal.message, ...told].join('\n')).not.toContain('canary');
  },
);
