import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { network, slot, type EdgePlan, type LibC } from '@sallyport/tunnel/edge/privileged';
import { DarwinEdge } from './darwin-edge.ts';
import type { Programs } from './programs.ts';

let folder: string;
let calls: string[];
let answers: Record<string, { stdout?: string; stderr?: string }>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'darwin-'));
  mkdirSync(join(folder, 'run'));
  calls = [];
  answers = {
    'pfctl -s rules': { stdout: 'anchor "com.apple/*" all\n' },
    'pfctl -s nat': { stdout: 'rdr-anchor "com.apple/*" all\n' },
    'pfctl -E': { stderr: 'pf enabled\nToken : 77\n' },
    'route -n get -inet default': { stdout: '    gateway: 192.168.1.1\n  interface: en0\n' },
  };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const programs: Programs = {
  find: () => '/sbin/x',
  run: async (name, args) => {
    const call = [name, ...args].join(' ');
    calls.push(call);
    return { stdout: '', stderr: '', ...answers[call] };
  },
};
const libc = {
  system: 'darwin',
  errno: () => 0,
  socket: () => 9,
  ioctl: () => 0,
  connect: () => 0,
  setsockopt: () => 0,
  fcntl: () => 0,
  getsockopt: (_fd: number, _level: number, _option: number, value: Buffer) => {
    value.write('utun4\0', 'latin1');
    return { result: 0, length: 6 };
  },
  close: (fd: number) => calls.push(`close ${fd}`),
} as unknown as LibC;

it('asks lsof whose sockets wait for others', async () => {
  const call = 'lsof -nP -iTCP -iUDP -F utPn';
  answers[call] = { stdout: 'p501\nu501\nf12\ntIPv4\nPTCP\nn127.0.0.1:4000\n' };
  const edge = new DarwinEdge(programs, libc, { resolver: folder, run: join(folder, 'run') });
  expect(await edge.listeners()).toEqual([
    { proto: 'tcp', version: 4, address: 0x7f00_0001n, port: 4000, uid: 501 },
  ]);
  expect(calls).toEqual([call]);
});

const plan: EdgePlan = {
  slot: slot(0),
  via: 'tun',
  uid: 501,
  mtu: 65_535,
  framing: 'utun',
  address4: network('198.18.4.1'),
  address6: null,
  responder4: network('198.18.4.2'),
  responder6: null,
  routes: [network('10.0.0.0/16')],
  excluded: [network('10.0.0.5')],
  captures: [],
  names: [],
  suffixes: ['internal'],
  resolverUid: null,
};
const edge = () =>
  new DarwinEdge(programs, libc, { resolver: join(folder, 'resolver'), run: join(folder, 'run') });

it('a1 makes device, rules, routes and names by calls of macOS, and a2 undoes each of them', async () => {
  const standing = await edge().raise(plan);
  expect(standing.plan).toMatchObject({ slot: { device: 'utun4' }, mtu: 16_384 });
  expect(readFileSync(join(folder, 'resolver/internal'), 'utf8')).toContain('nameserver 198.18.4.2');
  expect(readdirSync(join(folder, 'run'))).toEqual(['pf-token-77']);
  expect(calls).toEqual([
    'pfctl -s rules',
    'pfctl -s nat',
    'pfctl -v -s Interfaces -i lo0',
    'pfctl -a com.apple/sallyport.0 -f -',
    'pfctl -E',
    'ifconfig utun4 inet 198.18.4.1 198.18.4.2 netmask 255.255.255.255',
    'ifconfig utun4 mtu 16384 up',
    'route -n get -inet default',
    'route -n get -inet6 default',
    'route -n add -inet -host 10.0.0.5 192.168.1.1',
    'route -n add -inet -net 10.0.0.0/16 -interface utun4',
    'dscacheutil -flushcache',
  ]);
  calls = [];
  await standing.drop();
  expect(calls).toEqual([
    'close 9',
    'dscacheutil -flushcache',
    'route -n delete -inet -host 10.0.0.5 192.168.1.1',
    'route -n delete -inet -net 10.0.0.0/16 -interface utun4',
    'pfctl -a com.apple/sallyport.0 -F all',
    'pfctl -X 77',
  ]);
  expect(readdirSync(join(folder, 'resolver'))).toEqual([]);
  expect(readdirSync(join(folder, 'run'))).toEqual([]);
});

it('a4 refuses beside rules that never ask com.apple/*, and has changed nothing', async () => {
  answers['pfctl -s rules'] = { stdout: 'block drop all\n' };
  await expect(edge().raise(plan)).rejects.toMatchObject({ code: 'ROUTE_FILTER_TAKEN' });
  expect(calls.some((call) => call.startsWith('ifconfig') || call === 'pfctl -E')).toBe(false);
});

it('leaves resolver files of other programs alone', async () => {
  mkdirSync(join(folder, 'resolver'));
  writeFileSync(join(folder, 'resolver/internal'), 'nameserver 10.9.9.9\n');
  await expect(edge().raise(plan)).rejects.toMatchObject({ code: 'ROUTE_CONFLICT' });
  expect(readFileSync(join(folder, 'resolver/internal'), 'utf8')).toBe('nameserver 10.9.9.9\n');
  expect(calls.at(-1)).toBe('pfctl -X 77');
});

it('sweeps what a crash left: files, anchors and the token of pf, and nothing that is not ours', async () => {
  const first = edge();
  await first.raise(plan);
  writeFileSync(join(folder, 'resolver/corp'), 'nameserver 10.9.9.9\n');
  answers['pfctl -a com.apple -s Anchors'] = {
    stdout: '  com.apple/sallyport.0\n  com.apple/250.ApplicationFirewall\n',
  };
  calls = [];
  const swept = await edge().sweep();
  expect(swept).toHaveLength(3);
  expect(calls).toEqual([
    'pfctl -a com.apple -s Anchors',
    'pfctl -a com.apple/sallyport.0 -F all',
    'pfctl -X 77',
  ]);
  expect(existsSync(join(folder, 'resolver/internal'))).toBe(false);
  expect(existsSync(join(folder, 'resolver/corp'))).toBe(true);
});
