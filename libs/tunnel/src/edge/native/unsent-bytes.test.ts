import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import koffi from 'koffi';
import { describe, expect, it } from 'vitest';
import { boundUnsentBytes } from './unsent-bytes.ts';

const getsockopt = koffi
  .load(null)
  .func('int getsockopt(int fd, int level, int option, void *value, void *length)') as (
  ...given: [fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array]
) => number;

/** What the kernel says of a connection. */
function unsentBytesOf(socket: Socket): number {
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  const value = new Uint32Array(1);
  const length = new Uint8Array(new Uint32Array([4]).buffer);
  const option = process.platform === 'darwin' ? 0x201 : 25;
  expect(getsockopt(fd, 6, option, new Uint8Array(value.buffer), length)).toBe(0);
  return value[0]!;
}

describe('what a carrier may have unsent in the kernel', () => {
  it('is bounded, as the kernel itself tells', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [Socket];
    expect(unsentBytesOf(socket)).not.toBe(128 * 1024);
    expect(await boundUnsentBytes(socket)).toBe(true);
    expect(unsentBytesOf(socket)).toBe(128 * 1024);
    client.destroy();
    socket.destroy();
    expect(await boundUnsentBytes(socket), 'a closed one').toBe(false);
    await new Promise((closed) => server.close(closed));
  });

  it('is left as it is where there is no socket', async () => {
    expect(await boundUnsentBytes(new Duplex())).toBe(false);
  });
});
