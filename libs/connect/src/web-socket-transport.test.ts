import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type * as unsent from '@sallyport/tunnel/unsent-bytes';
import { WebSocketServer } from 'ws';
import { expect, it, onTestFinished, vi } from 'vitest';
import { certified } from '../test/certificate-authority.ts';
import { noProxies } from './proxy.ts';
import { webSocketsThrough } from './web-socket-transport.ts';

const bounded = vi.hoisted(() => [] as Promise<boolean>[]);
vi.mock('@sallyport/tunnel/unsent-bytes', async (original) => {
  const { boundUnsentBytes } = await original<typeof unsent>();
  return {
    boundUnsentBytes: (socket: Parameters<typeof boundUnsentBytes>[0]) => {
      const done = boundUnsentBytes(socket);
      bounded.push(done);
      return done;
    },
  };
});

it.each(['ws', 'wss'])(
  'bounds what the kernel takes without sending it, by %s: small talk does not stand behind it',
  async (scheme) => {
    const { ca, server: keyed } = await certified(['localhost']);
    const trusted = getCACertificates();
    setDefaultCACertificates([...trusted, ca]);
    const server = scheme === 'ws' ? createServer() : createSecureServer(keyed);
    const channels = new WebSocketServer({ server });
    onTestFinished(async () => {
      setDefaultCACertificates(trusted);
      for (const client of channels.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    });
    await once(server.listen(0, 'localhost'), 'listening');
    const url = new URL(`${scheme}://localhost:${(server.address() as AddressInfo).port}/`);
    const nothing = () => undefined;
    const sink = { message: nothing, heard: nothing, drained: nothing, closed: nothing };
    const connection = await webSocketsThrough(noProxies).open(url, {}, sink, new AbortController().signal);
    expect(await bounded.at(-1)).toBe(true);
    connection.cut();
  },
);
