import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemEffects } from '@sallyport/effects/system';
import { anotherUid, asAnotherUser, mayBeAnother } from '../../test/another-user.ts';
import { noDebug } from '../output/debug.ts';
import type { World } from '../world.ts';
import { admissionFor } from './admission.ts';
import { askProcess, listenForControl, ownSocketPath } from './control-socket.ts';
import { writeAsk } from './local-protocol.ts';
import { uidOfTcpPeer } from './tcp-peer.ts';

let home: string;
let world: World;
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'peers-'));
  const env = { XDG_STATE_HOME: join(home, 'state') };
  world = {
    env,
    home,
    uid: process.getuid?.(),
    pid: process.pid,
    effects: systemEffects(),
  } as unknown as World;
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await rm(home, { recursive: true, force: true });
});

async function listening(host: string, accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer(accept);
  server.listen(0, host);
  await once(server, 'listening');
  closing.push(() => new Promise((done) => server.close(done)));
  return server;
}
const portOf = (server: Server) => (server.address() as AddressInfo).port;
const onLinux = process.platform === 'linux';

describe.skipIf(!onLinux)('the owner of a TCP connection from this machine', () => {
  it.each(['127.0.0.1', '::1'])('is known on %s', async (host) => {
    const judged = new Promise<number | 'gone' | undefined>((resolve) => {
      void listening(host, (socket) => {
        socket.on('error', () => undefined);
        void uidOfTcpPeer(socket).then((uid) => (resolve(uid), socket.destroy()));
      }).then((server) => createConnection(portOf(server), host).on('error', () => undefined));
    });
    expect(await judged).toBe(process.getuid?.());
  });

  it('is known when the program speaks IPv6 and means IPv4', async () => {
    const table = [
      '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0000000000000000FFFF00000100007F:9C40 0000000000000000FFFF00000100007F:1538 01 00000000:00000000 00:00000000 00000000  1000        0 4711 1',
    ].join('\n');
    const ends = {
      localAddress: '127.0.0.1',
      localPort: 0x1538,
      remoteAddress: '127.0.0.1',
      remotePort: 0x9c40,
    };
    const read = async (path: string) => (path.endsWith('6') ? table : '');
    expect(await uidOfTcpPeer(ends, read)).toBe(1000);
  });

  it('is not known any more once the program has let go of it', async () => {
    const row = '0: 0100007F:9C40 0100007F:1538 05 00000000:00000000 00:00000000 00000000     0        0 0 1';
    const ends = {
      localAddress: '127.0.0.1',
      localPort: 0x1538,
      remoteAddress: '127.0.0.1',
      remotePort: 0x9c40,
    };
    expect(await uidOfTcpPeer(ends, async () => row)).toBe('gone');
  });

  it('is not told by a system without the table, and the connection is taken', async () => {
    const ends = { localAddress: '127.0.0.1', localPort: 1, remoteAddress: '127.0.0.1', remotePort: 2 };
    const none = () => Promise.reject(new Error('ENOENT'));
    expect(await uidOfTcpPeer(ends, none)).toBeUndefined();
    const refused: (number | undefined)[] = [];
    const admit = admissionFor(
      world,
      (uid) => refused.push(uid),
      noDebug,
      (at) => uidOfTcpPeer(at, none),
    );
    expect(await admit(ends as Socket)).toBe(true);
    expect(refused).toEqual([]);
  });
});

describe('a local port', () => {
  it('that listens for other machines on purpose is not judged', async () => {
    const admit = admissionFor(
      world,
      () => undefined,
      noDebug,
      async () => anotherUid,
    );
    expect(await admit({ localAddress: '192.0.2.7' } as Socket)).toBe(true);
    expect(await admit({ localAddress: '127.0.0.1' } as Socket)).toBe(false);
  });

  it.skipIf(!onLinux || !mayBeAnother)(
    'refuses another user before a byte is carried, and takes its owner',
    async () => {
      const refused: (number | undefined)[] = [];
      const admit = admissionFor(world, (uid) => refused.push(uid), noDebug);
      const carried: string[] = [];
      const server = await listening('127.0.0.1', (socket) => {
        socket.on('error', () => undefined);
        void admit(socket).then((mine) => {
          if (!mine) return socket.resetAndDestroy();
          socket.on('data', (bytes) => carried.push(bytes.toString()));
          return socket.end('yours');
        });
      });
      const theirs = await asAnotherUser({ port: portOf(server) }, 'flushall');
      expect(theirs.received).toBe('');
      expect(refused).toEqual([anotherUid]);
      expect(await asAnotherUser({ port: portOf(server) }, 'hello', process.getuid?.())).toEqual({
        received: 'yours',
      });
      expect(carried.join('')).not.toContain('flushall');
    },
  );
});

describe('a control socket', () => {
  const serve = async ({ ask }: { ask: string }) => ({ asked: ask });

  it('answers its owner', async () => {
    const control = await listenForControl(world, ownSocketPath(world), serve);
    closing.push(() => control.close());
    expect(await askProcess(world, control.path, { ask: 'status' })).toEqual({ asked: 'status' });
  });

  it.skipIf(!onLinux || !mayBeAnother)(
    'refuses another user by the kernel’s word, whatever the modes are',
    async () => {
      const path = join(home, 'state', 'sallyport', 'open.sock');
      const served: string[] = [];
      const control = await listenForControl(world, path, async ({ ask }) => (served.push(ask), {}));
      closing.push(() => control.close());
      for (const opened of [home, join(home, 'state'), join(home, 'state', 'sallyport'), path])
        await chmod(opened, 0o777);
      const { received } = await asAnotherUser({ path }, writeAsk({ ask: 'stop' }));
      expect(JSON.parse(received)).toMatchObject({ problem: { code: 'PEER_REFUSED', kind: 'refused' } });
      expect(served).toEqual([]);
      // The modes did let it in: the same process as the owner is served.
      const own = await asAnotherUser({ path }, writeAsk({ ask: 'status' }), process.getuid?.());
      expect(JSON.parse(own.received)).toMatchObject({ answer: {} });
    },
  );

  it('cuts a line that is too long, and says nothing to what is not a question', async () => {
    const control = await listenForControl(world, ownSocketPath(world), serve);
    closing.push(() => control.close());
    for (const text of ['x'.repeat(70_000), 'not json\n', '[1]\n', '{"protocol":2}\n']) {
      const socket = createConnection(control.path);
      let received = '';
      socket.on('data', (bytes) => (received += bytes.toString())).on('error', () => undefined);
      socket.write(text);
      await once(socket, 'close');
      expect(received).toBe('');
    }
    expect(await askProcess(world, control.path, { ask: 'status' })).toEqual({ asked: 'status' });
  });

  it('answers another version clearly, both ways', async () => {
    const control = await listenForControl(world, ownSocketPath(world), serve);
    closing.push(() => control.close());
    const other = { protocol: 99, ask: 'status' };
    await expect(askProcess(world, control.path, other)).rejects.toMatchObject({
      code: 'DAEMON_VERSION_OTHER',
    });
    expect(await askProcess(world, control.path, { protocol: 99, ask: 'shutdown' })).toEqual({
      asked: 'shutdown',
    });
    const older = createServer((socket) => {
      socket.on('error', () => undefined).resume();
      socket.end('{"version":1,"state":"open"}\n');
    });
    const path = join(home, 'older.sock');
    older.listen(path);
    await once(older, 'listening');
    closing.push(() => new Promise((done) => older.close(done)));
    expect(await askProcess(world, path, { ask: 'status' }).catch((error: unknown) => error)).toMatchObject({
      code: 'DAEMON_VERSION_OTHER',
    });
  });

  it('that nobody listens on any more is no answer', async () => {
    expect(await askProcess(world, join(home, 'none.sock'), { ask: 'status' })).toBeUndefined();
  });
});
