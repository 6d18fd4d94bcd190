import { expect, it } from 'vitest';
import { openTun, openUtun, receive, sendWithDescriptor, uidOfPeer } from './devices.ts';
import { descriptorOf, rightsMessage } from './layouts.ts';
import type { LibC } from './system-calls.ts';

type Called = [string, ...unknown[]];

/** Records each call with its bytes; `fails` makes the named call answer -1 with that errno. */
function recorder(system: 'linux' | 'darwin', fails: { call?: string; errno?: number } = {}) {
  const calls: Called[] = [];
  const answer = (call: string, value: number, ...told: unknown[]) => {
    calls.push([call, ...told]);
    return call === fails.call ? -1 : value;
  };
  const hex = (bytes: Buffer) => bytes.toString('hex');
  const libc: LibC = {
    system,
    errno: () => fails.errno ?? 0,
    open: (path, flags) => answer('open', 9, path, flags),
    close: (fd) => answer('close', 0, fd),
    socket: (...told) => answer('socket', 9, ...told),
    connect: (fd, address) => answer('connect', 0, fd, hex(address)),
    ioctl: (fd, request, argument) => {
      const result = answer('ioctl', 0, fd, request, hex(argument));
      if (request === 0xc064_4e03) argument.writeUInt32LE(3, 0);
      return result;
    },
    ioctlValue: (fd, request, value) => answer('ioctlValue', 0, fd, request, value),
    fcntl: (...told) => answer('fcntl', 0, ...told),
    getsockopt: (fd, level, option, value) => {
      if (option === 2) value.write('utun7\0', 'latin1');
      else value.writeUInt32LE(501, 4);
      return { result: answer('getsockopt', 0, fd, level, option), length: option === 2 ? 6 : value.length };
    },
    setsockopt: (fd, level, option, value) => answer('setsockopt', 0, fd, level, option, hex(value)),
    sendmsg: (fd, bytes, control, flags) => answer('sendmsg', bytes.length, fd, hex(control), flags),
    recvmsg: (fd, _bytes, control, flags) => {
      rightsMessage(system, 42).copy(control);
      return { result: answer('recvmsg', 3, fd, flags), controlLength: system === 'linux' ? 20 : 16 };
    },
    pollReadable: async () => true,
  };
  return { libc, calls };
}

it('opens utun by the calls of macOS, number for number and byte for byte', () => {
  const { libc, calls } = recorder('darwin');
  expect(openUtun(libc)).toEqual({ fd: 9, name: 'utun7' });
  const name = Buffer.from('com.apple.net.utun_control').toString('hex');
  expect(calls).toEqual([
    ['socket', 32, 2, 2],
    ['ioctl', 9, 0xc064_4e03, `00000000${name}`.padEnd(200, '0')],
    ['connect', 9, `2020020003000000${'00'.repeat(24)}`],
    ['getsockopt', 9, 2, 2],
    ['setsockopt', 9, 2, 16, '20000000'],
    ['fcntl', 9, 4, 6],
  ]);
});

it('opens a TUN device of Linux without packet information, non-blocking and closed on exec', () => {
  const { libc, calls } = recorder('linux');
  expect(openTun(libc, 'sally0', 'plain')).toEqual({ fd: 9, name: 'sally0' });
  const ifreq = `${Buffer.from('sally0').toString('hex').padEnd(32, '0')}0110`.padEnd(80, '0');
  expect(calls).toEqual([
    ['open', '/dev/net/tun', 0o2004002],
    ['ioctl', 9, 0x4004_54ca, ifreq],
  ]);
});

it('asks for the header and the offloads where packets come with them', () => {
  const { libc, calls } = recorder('linux');
  openTun(libc, 'sally0', 'vnet');
  expect(calls.slice(2)).toEqual([
    ['ioctl', 9, 0x4004_54d8, '0a000000'],
    ['ioctlValue', 9, 0x4004_54d0, 7],
  ]);
});

it.each([
  ['connect', 16],
  ['fcntl', 22],
])('closes the descriptor when %s fails, and names call and errno', (call, errno) => {
  const { libc, calls } = recorder('darwin', { call, errno });
  expect(() => openUtun(libc)).toThrow(expect.objectContaining({ errno }));
  expect(calls.at(-1)).toEqual(['close', 9]);
});

it.each([
  ['linux' as const, 1, 17, '140000000000000001000000010000002a00000000000000', 0x4040],
  ['darwin' as const, 0, 1, '10000000ffff0000010000002a000000', 0x80],
])('passes descriptors and asks for the peer as %s does', (system, level, option, control, flags) => {
  const { libc, calls } = recorder(system);
  expect(uidOfPeer(libc, 5)).toBe(501);
  expect(sendWithDescriptor(libc, 5, Buffer.from('abc'), 42)).toBe(3);
  expect(receive(libc, 5)).toMatchObject({ descriptor: 42 });
  expect(calls.slice(0, 2)).toEqual([
    ['getsockopt', 5, level, option],
    ['sendmsg', 5, control, flags],
  ]);
});

it('takes no descriptor from a message that carries none, and none that is cut', () => {
  expect(descriptorOf('linux', rightsMessage('linux', 7), 0)).toBeNull();
  expect(descriptorOf('linux', rightsMessage('linux', 7), 16)).toBeNull();
  expect(descriptorOf('darwin', rightsMessage('darwin', 7), 12)).toBeNull();
  const other = rightsMessage('linux', 7);
  other.writeInt32LE(2, 12);
  expect(descriptorOf('linux', other, 20)).toBeNull();
});

it('receives nothing while nothing is there', () => {
  expect(receive(recorder('linux', { call: 'recvmsg', errno: 11 }).libc, 5)).toBeNull();
  expect(() => receive(recorder('linux', { call: 'recvmsg', errno: 104 }).libc, 5)).toThrow('recvmsg');
});
