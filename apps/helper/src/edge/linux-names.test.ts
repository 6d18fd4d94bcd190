import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { network, slot, type EdgePlan } from '@sallyport/tunnel/edge/privileged';
import { LinuxNames } from './linux-names.ts';
import type { Programs } from './programs.ts';

let folder: string;
let calls: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'names-'));
  calls = [];
  writeFileSync(join(folder, 'hosts'), '127.0.0.1 localhost\n');
  writeFileSync(
    join(folder, 'passwd'),
    'root:x:0:0::/root:/bin/sh\nsystemd-resolve:x:991:991::/:/usr/sbin/nologin\n',
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const programs: Programs = {
  find: (name) => (name === 'resolvectl' ? '/usr/bin/resolvectl' : null),
  run: async (name, args) => {
    calls.push([name, ...args].join(' '));
    return { stdout: '', stderr: '' };
  },
};
const plan: EdgePlan = {
  slot: slot(2),
  via: 'tun',
  uid: 1000,
  mtu: 1500,
  framing: 'plain',
  address4: network('198.18.4.1'),
  address6: null,
  responder4: network('198.18.4.2'),
  responder6: null,
  routes: [network('10.0.0.0/16')],
  excluded: [],
  captures: [],
  names: [{ name: 'prod-rds', address: network('10.0.2.60') }],
  suffixes: ['internal'],
  resolverUid: null,
};
const names = (running: boolean) =>
  new LinuxNames(programs, {
    hosts: join(folder, 'hosts'),
    passwd: join(folder, 'passwd'),
    resolved: join(folder, running ? 'passwd' : 'missing'),
  });

it('d10 asks systemd-resolved for exactly the granted names of the device, and takes them back', async () => {
  expect(await names(true).resolverUid()).toBe(991);
  expect(await names(true).set(plan)).toMatchObject({ how: 'resolved' });
  await names(true).clear('sally2');
  expect(calls).toEqual([
    'resolvectl dns sally2 198.18.4.2',
    'resolvectl domain sally2 ~internal ~prod-rds',
    'resolvectl default-route sally2 no',
    'resolvectl flush-caches',
    'resolvectl revert sally2',
  ]);
  expect(readFileSync(join(folder, 'hosts'), 'utf8')).toBe('127.0.0.1 localhost\n');
});

it('d10 writes a marked block where no systemd-resolved runs, and says what cannot be had so', async () => {
  const state = await names(false).set(plan);
  expect(state).toMatchObject({ how: 'hosts' });
  expect(state.details.join('\n')).toMatch(/10\.0\.2\.60 prod-rds[\s\S]*names below internal/);
  expect(readFileSync(join(folder, 'hosts'), 'utf8')).toContain('10.0.2.60 prod-rds');
  expect(await names(false).sweep()).toEqual([expect.stringContaining('sally2')]);
  expect(readFileSync(join(folder, 'hosts'), 'utf8')).toBe('127.0.0.1 localhost\n');
  expect(calls).toEqual([]);
});
