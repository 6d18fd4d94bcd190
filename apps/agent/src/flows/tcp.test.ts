import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import type * as unread from '@sallyport/tunnel/unread-bytes';
import { dialTcp } from '../node/dial-tcp.ts';
import { aGateway, aNetwork } from '../testing/index.ts';

const bounded = vi.hoisted(() => [] as Promise<boolean>[]);
vi.mock('@sallyport/tunnel/unread-bytes', async (original) => {
  const real = await original<typeof unread>();
  const boundUnreadBytes: typeof unread.boundUnreadBytes = (connection) => {
    const done = real.boundUnreadBytes(connection);
    bounded.push(done);
    return done;
  };
  return { ...real, boundUnreadBytes };
});

/** Opens a conversation with a destination that says so many bytes and ends, and hears all of them. */
async function heard(bytes: number): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(Buffer.alloc(bytes));
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const network = aNetwork({ dialTcp: (_address, _port, signal) => dialTcp('127.0.0.1', port, signal) });
  const { agent, client } = await aGateway({ network });
  onTestFinished(() => agent.close());
  const { link } = await client();
  const done = Promise.withResolvers<void>();
  let count = 0;
  const stream = link.openTcp(
    { host: '10.20.0.5', port },
    {
      opened: () => undefined,
      data: (piece) => {
        count += piece.length;
        stream.consumed(piece.length);
      },
      end: () => done.resolve(),
      reset: (code) => done.reject(new Error(code)),
      writable: () => undefined,
    },
  );
  await done.promise;
  stream.end();
  return count;
}

it.runIf(process.platform === 'linux')(
  'reads a near destination that brings much from a short queue, and leaves the others as they are',
  async () => {
    expect(await heard(100_000)).toBe(100_000);
    expect(bounded).toEqual([]);
    expect(await heard(2_000_000)).toBe(2_000_000);
    expect(await Promise.all(bounded)).toEqual([true]);
  },
);
