import { readFile } from 'node:fs/promises';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { listenersOfLsof } from './darwin/lsof-text.ts';
import { refuseForeignListeners, refuseTakenListeners, type Listener } from './listeners.ts';
import { listenersOfProc } from './linux/proc-net.ts';
import { network } from './networks.ts';
import type { Capture } from './plan.ts';

const header =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const line = (local: string, state: string, uid: number, remote = '00000000:0000') =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000 ${uid}        0 1 1 0 100 0 0 10 0`;
const capture = (over: Partial<Capture> = {}): Capture => ({
  ...{ to: network('10.0.0.0/16'), ports: [1, 65_535], proto: 'tcp', listener: 8080 },
  ...over,
});
const held = (over: Partial<Listener> = {}): Listener => ({
  ...{ proto: 'tcp', version: 4, address: 0x7f00_0001n, port: 8080, uid: 1000 },
  ...over,
});

describe('sockets of the kernel’s tables', () => {
  it('are those that wait, with their users', () => {
    const text = [
      header,
      line('0100007F:1F90', '0A', 1000),
      line('00000000:0016', '0A', 0),
      line('0100007F:1F91', '01', 1000, '0100007F:0050'),
      'no line of the kernel',
      line('0100007F:1F90', '0A', -1),
      '',
    ].join('\n');
    expect(listenersOfProc(text, 'tcp')).toEqual([held(), held({ address: 0n, port: 22, uid: 0 })]);
    const six = [header, line('00000000000000000000000001000000:14E9', '07', 33)].join('\n');
    expect(listenersOfProc(six, 'udp')).toEqual([
      held({ proto: 'udp', version: 6, address: 1n, port: 5353, uid: 33 }),
    ]);
  });

  it.skipIf(process.platform !== 'linux')('are read as this kernel writes them', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = createSocket('udp6').bind(0, '::1');
    await once(socket, 'listening');
    try {
      const uid = process.getuid?.() ?? -1;
      const tcp = listenersOfProc(await readFile('/proc/net/tcp', 'utf8'), 'tcp');
      expect(tcp).toContainEqual(held({ port: (server.address() as AddressInfo).port, uid }));
      const udp = listenersOfProc(await readFile('/proc/net/udp6', 'utf8'), 'udp');
      const { port } = socket.address();
      expect(udp).toContainEqual(held({ proto: 'udp', version: 6, address: 1n, port, uid }));
    } finally {
      server.close();
      socket.close();
    }
  });

  it('are read from lsof on macOS, without conversations', () => {
    const text = [
      ...['p501', 'u1000', 'f12', 'tIPv4', 'PTCP', 'n127.0.0.1:8080'],
      ...['f13', 'tIPv4', 'PTCP', 'n127.0.0.1:8081->127.0.0.1:50000'],
      ...['p1', 'u65', 'f4', 'tIPv6', 'PUDP', 'n*:5353', 'f5', 'tIPv6', 'PTCP', 'n[::1]:631', ''],
    ].join('\n');
    expect(listenersOfLsof(text)).toEqual([
      held(),
      held({ proto: 'udp', version: 6, address: 0n, port: 5353, uid: 65 }),
      held({ version: 6, address: 1n, port: 631, uid: 65 }),
    ]);
  });
});

describe('a listener of the packet filter', () => {
  const refused = expect.objectContaining({ code: 'HELPER_LISTENER_FOREIGN' });

  it('is the asking user’s own', () => {
    expect(() => refuseForeignListeners([capture()], 1000, [held()])).not.toThrow();
    const six = capture({ to: network('fd00::/8') });
    expect(() => refuseForeignListeners([six], 1000, [held({ version: 6, address: 1n })])).not.toThrow();
  });

  it.each([
    ['nobody’s', []],
    ['another user’s', [held({ uid: 1001 })]],
    ['another user’s, on every address', [held({ uid: 1001, address: 0n })]],
    ['the asker’s, but of another protocol', [held({ proto: 'udp' })]],
    ['the asker’s, but on another port', [held({ port: 8081 })]],
    ['the asker’s, but of the other family', [held({ version: 6, address: 1n })]],
  ] as const)('is refused when it is %s', (_what, listeners) => {
    expect(() => refuseForeignListeners([capture()], 1000, listeners)).toThrow(refused);
  });

  it('ends its set when another user takes the port, and not when it is only gone', () => {
    const taken = [held({ uid: 1001, address: 0n, version: 6 })];
    expect(() => refuseTakenListeners([capture()], 1000, taken)).toThrow(refused);
    expect(() => refuseTakenListeners([capture()], 1000, [])).not.toThrow();
    expect(() => refuseTakenListeners([capture()], 1000, [...taken, held()])).not.toThrow();
  });
});
