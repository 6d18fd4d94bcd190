import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { socketOptionsOf } from './socket-options.ts';
import { boundUnreadBytes, isNear } from './unread-bytes.ts';

const linux = process.platform === 'linux';

/** SO_RCVBUF, as the kernel itself tells. */
async function roomOf(socket: Socket): Promise<number> {
  const options = await socketOptionsOf(socket);
  return options!.get(1, 8, 4)!.getUint32(0, true);
}

/** What the kernel would tell of a connection whose shortest round trip takes so long. */
function told(microseconds: number, length = 248): DataView {
  const info = new DataView(new ArrayBuffer(length));
  info.setUint32(148, microseconds, true);
  return info;
}

describe('what a near program may have sent unread', () => {
  it.runIf(linux)('is bounded, as the kernel itself tells', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(client, 'connect');
    expect(await roomOf(client)).not.toBe(2 * 128 * 1024);
    expect(await boundUnreadBytes(client)).toBe(true);
    expect(await roomOf(client)).toBe(2 * 128 * 1024);
    client.destroy();
    expect(await boundUnreadBytes(client), 'a closed one').toBe(false);
    await new Promise((closed) => server.close(closed));
  });

  it('is left as it is where there is no socket', async () => {
    expect(await boundUnreadBytes(new Duplex())).toBe(false);
  });

  it('is left as it is where the way is long, not known, or not told', () => {
    expect([told(30), told(1_000), told(1_001), told(0xffff_ffff)].map(isNear)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(isNear(told(30, 240))).toBe(true);
    expect(isNear(new DataView(new ArrayBuffer(104)))).toBe(false);
  });
});
