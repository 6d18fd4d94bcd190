import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundleHelper } from '../apps/helper/build.mjs';
import { fingerprint } from '@sallyport/grant-token';
import { connectHelper, type OpenWish } from '@sallyport/tunnel/helper-messages';
import {
  anotherOrdinaryUid,
  bundlesFolder,
  ClientProcess,
  HelperFiles,
  networkAgain,
  networkOf,
  ordinaryUid,
} from './harness/helper-world.ts';
import { mayMakeNamespaces, Namespaces, type Namespace } from './harness/namespaces.ts';

let spaces: Namespaces;
let laptop: Namespace;
let router: Namespace;
let files: HelperFiles;
let untouched: string;
/** The person's client; each test opens and ends a connection of its own. */
let owner: ClientProcess;

beforeAll(async () => {
  if (!mayMakeNamespaces) return;
  spaces = await Namespaces.make();
  laptop = await spaces.add();
  router = await spaces.add();
  await spaces.link(
    { at: laptop, device: 'eth0', addresses: ['192.168.7.2/24'] },
    { at: router, device: 'eth0', addresses: ['192.168.7.1/24', '10.0.0.5/32', '10.0.2.61/32'] },
  );
  await laptop.ip('route', 'add', 'default', 'via', '192.168.7.1');
  await laptop.sysctl('net.ipv4.ping_group_range', '0 2147483647');
  // The strictest setting of a distribution: what comes in must have a way back out by the same device.
  await laptop.sysctl('net.ipv4.conf.all.rp_filter', '1');
  files = await HelperFiles.make();
  await files.start(laptop);
  owner = await ClientProcess.start(laptop, files, ordinaryUid);
});
beforeEach(async () => {
  if (mayMakeNamespaces) untouched = await networkOf(laptop);
});
afterEach(async () => {
  if (!mayMakeNamespaces) return;
  await owner.ask({ close: null });
  expect(await networkAgain(laptop, untouched)).toBe(untouched);
});
afterAll(async () => {
  await spaces?.destroy();
  files?.remove();
});

const subnet = async (more: Partial<OpenWish> = {}): Promise<OpenWish> => ({
  routeGrants: [await files.routeGrant()],
  via: 'tun',
  shape: 'subnet',
  ...more,
});

const ping = async (uid: number, ...args: string[]) =>
  (await laptop.run('ping', ['-n', '-c', '1', '-W', '1', ...args], { uid })).status;

describe.skipIf(!mayMakeNamespaces)('a device from the helper', () => {
  it('comes with its address and routes for a signed grant, and goes without a trace', async () => {
    const connection = await connectHelper({ path: files.socket });
    const { opened, fd } = await connection.open(await subnet({ exclude: ['10.0.0.5', '203.0.113.7'] }));
    expect(opened).toMatchObject({
      device: 'sally0',
      routes: ['10.0.0.0/16'],
      excluded: ['10.0.0.5/32'],
      mtu: 65_535,
    });
    expect(readlinkSync(`/proc/self/fd/${fd}`)).toBe('/dev/net/tun');
    await connection.close();
    closeSync(fd!);
  });

  it('serves the programs of its owner alone', async () => {
    await owner.ask({ open: await subnet() });
    expect(await ping(ordinaryUid, '10.0.2.60')).toBe(0);
    const before = owner.packets.length;
    expect(before).toBeGreaterThan(0);
    for (const stranger of [anotherOrdinaryUid, 0]) {
      expect(await ping(stranger, '10.0.2.60')).not.toBe(0);
      expect(await ping(stranger, '-I', 'sally0', '10.0.2.60')).not.toBe(0);
    }
    // The owner's next packet comes directly after the owner's last: nothing of the strangers lies between.
    expect(await ping(ordinaryUid, '10.0.2.62')).toBe(0);
    expect(owner.packets.slice(before).map(({ to }) => to)).toEqual(['10.0.2.62']);
  });

  it('a3 leaves traffic to AWS endpoints and the control plane outside, though the network contains them', async () => {
    await owner.ask({ open: await subnet({ exclude: ['10.0.0.5'] }) });
    const before = owner.packets.length;
    expect(await ping(ordinaryUid, '10.0.0.5')).toBe(0);
    expect(await ping(ordinaryUid, '10.0.2.60')).toBe(0);
    expect(owner.packets.slice(before).map(({ to }) => to)).toEqual(['10.0.2.60']);
    const { status } = (await owner.ask({ status: null })) as {
      status: { sets: { sections: { lines: string[] }[] }[] };
    };
    const lines = status.sets[0]!.sections.flatMap((section) => section.lines).join('\n');
    expect(lines).toMatch(/throw 10\.0\.0\.5/);
    expect(lines).toMatch(/meta skuid != 65534 counter packets \d+/);
  });

  it('takes in what a longer or wider grant brings, without touching what stands', async () => {
    await owner.ask({ open: await subnet() });
    // Nothing paces what goes to a router one copy away (ADR 174).
    expect(await laptop.ip('route', 'show', 'table', '54100')).toMatch(
      /^10\.0\.0\.0\/16 dev sally0 .*congctl reno/m,
    );
    const routes = [
      { cidr: '10.0.0.0/16', ports: [[1, 65_535] as [number, number]], proto: 'tcp' as const },
      { cidr: '10.1.0.0/16', ports: [[443, 443] as [number, number]], proto: 'tcp' as const },
    ];
    const changed = await owner.ask({
      change: {
        routeGrants: [await files.routeGrant({ routes, suffixes: ['internal'] })],
        exclude: ['10.1.0.9'],
      },
    });
    expect(changed).toMatchObject({
      opened: { device: 'sally0', routes: ['10.0.0.0/16', '10.1.0.0/16'], excluded: ['10.1.0.9/32'] },
    });
    expect(await ping(ordinaryUid, '10.1.2.3')).toBe(0);
    await owner.ask({ change: { routeGrants: [await files.routeGrant()] } });
    expect(await ping(ordinaryUid, '10.0.2.60')).toBe(0);
    expect(await laptop.ip('route', 'show', 'table', '54100')).not.toContain('10.1.');
  });

  it('ends with the grant, and says so', async () => {
    const exp = Math.floor(Date.now() / 1000) + 3;
    await owner.ask({ open: await subnet({ routeGrants: [await files.routeGrant({ exp })] }) });
    expect(await owner.ended()).toBe('GRANT_ENDED');
    expect(await networkAgain(laptop, untouched)).toBe(untouched);
  });

  it('carries IPv6 where the grant has it', async () => {
    const routes = [
      { cidr: 'fd12:3456::/48', ports: [[1, 65_535] as [number, number]], proto: 'tcp' as const },
    ];
    const answer = await owner.ask({
      open: await subnet({ routeGrants: [await files.routeGrant({ routes })] }),
    });
    expect(answer).toMatchObject({
      opened: { address6: expect.stringMatching(/^fd/), routes: ['fd12:3456::/48'] },
    });
    const way = (uid: number) => laptop.run('ip', ['-6', 'route', 'get', 'fd12:3456::1', 'uid', String(uid)]);
    expect((await way(ordinaryUid)).stdout).toContain('dev sally0');
    expect((await way(anotherOrdinaryUid)).stdout).not.toContain('sally0');
  });

  it('gives names by a block in /etc/hosts where no systemd-resolved runs', async () => {
    const grant = await files.routeGrant({
      names: [{ name: 'db.internal', address: '10.0.2.60' }],
      suffixes: ['internal'],
    });
    const dns = { names: [{ name: 'db.internal', address: '10.0.2.60' }], suffixes: ['internal'] };
    const answer = await owner.ask({ open: await subnet({ routeGrants: [grant], dns }) });
    expect(answer).toMatchObject({ opened: { dns: { how: 'hosts' } } });
    expect(await laptop.ask('getent', ['hosts', 'db.internal'])).toContain('10.0.2.60');
  });
});

describe.skipIf(!mayMakeNamespaces)('the packet filter from the helper', () => {
  it("brings granted conversations to listeners on loopback, refuses the rest at once, and is nobody else's", async () => {
    const { port } = (await owner.ask({ listen: { text: 'from far' } })) as { port: number };
    const listeners = [
      { to: '10.0.2.0/24', ports: [8000, 8999] as [number, number], proto: 'tcp' as const, listener: port },
    ];
    const answer = await owner.ask({
      open: await subnet({ via: 'filter', listeners, exclude: ['10.0.2.61'] }),
    });
    expect(answer).toMatchObject({ opened: { device: null, routes: ['10.0.0.0/16'] }, fd: null });
    const dial = async (uid: number, host: string, at: number) =>
      laptop.run(
        'curl',
        ['-sS', '--http0.9', '--connect-timeout', '1', '--max-time', '20', `http://${host}:${at}/`],
        { uid },
      );
    expect((await dial(ordinaryUid, '10.0.2.60', 8080)).stdout).toContain('from far');
    expect((await dial(ordinaryUid, '10.0.2.60', 9090)).stderr).toMatch(
      /refused|Couldn't connect|Failed to connect/,
    );
    expect((await dial(anotherOrdinaryUid, '127.0.0.1', port)).status).not.toBe(0);
    expect((await dial(anotherOrdinaryUid, '10.0.2.60', 8080)).stdout).toBe('');
    expect(await ping(ordinaryUid, '10.0.2.61')).toBe(0);
  });

  it('may lead to nobody else’s listener', async () => {
    const other = await ClientProcess.start(laptop, files, anotherOrdinaryUid);
    try {
      const { port } = (await other.ask({ listen: { text: 'not yours' } })) as { port: number };
      for (const proto of ['tcp', 'udp'] as const) {
        const listener = { to: '10.0.2.7', ports: [80, 80] as [number, number], proto, listener: port };
        const routes = [{ cidr: '10.0.0.0/16', ports: [[1, 65_535] as [number, number]], proto }];
        const routeGrants = [await files.routeGrant({ routes })];
        const open = await subnet({ via: 'filter', listeners: [listener], routeGrants });
        expect(await owner.ask({ open })).toMatchObject({
          refused: 'HELPER_LISTENER_FOREIGN',
          detail: expect.stringContaining(`${proto} 127.0.0.1:${port}`),
        });
      }
    } finally {
      await other.kill();
    }
  });

  it('may not be widened beyond the grant', async () => {
    const routes = [{ cidr: '10.0.0.0/16', ports: [[80, 80] as [number, number]], proto: 'tcp' as const }];
    const listeners = [
      { to: '10.0.0.0/16', ports: [80, 81] as [number, number], proto: 'tcp' as const, listener: 40_000 },
    ];
    const wish = await subnet({
      via: 'filter',
      listeners,
      routeGrants: [await files.routeGrant({ routes })],
    });
    expect(await owner.ask({ open: wish })).toMatchObject({ refused: 'HELPER_NOT_IN_GRANT' });
  });
});

describe.skipIf(!mayMakeNamespaces)('virtual addresses from the helper', () => {
  it('reach the owner by name, and nothing else of their range has a route', async () => {
    const grant = await files.routeGrant({
      routes: [],
      virtual: true,
      names: [{ name: 'prod-rds', address: null }],
    });
    const answer = await owner.ask({
      open: await subnet({
        shape: 'virtual',
        framing: 'plain',
        routeGrants: [grant],
        virtual: {
          range: '100.64.8.0/29',
          entries: [{ name: 'prod-rds', address: '100.64.8.3', ports: [['tcp', 5432]] }],
        },
        dns: { names: [{ name: 'prod-rds', address: '100.64.8.3' }], suffixes: [] },
      }),
    });
    expect(answer).toMatchObject({
      opened: { address4: '100.64.8.1', responder4: '100.64.8.2', routes: ['100.64.8.3/32'] },
    });
    expect(await ping(ordinaryUid, 'prod-rds')).toBe(0);
    const way = await laptop.run('ip', ['route', 'get', '100.64.8.4', 'uid', String(ordinaryUid)]);
    expect(way.stdout).toContain('dev eth0');
  });

  it('come with the offloads of a faster device where they are asked for, and with many listeners by filter', async () => {
    const fast = await owner.ask({ open: await subnet({ framing: 'vnet', mtu: 9000 }) });
    expect(fast).toMatchObject({ opened: { framing: 'vnet', mtu: 9000 } });
    await owner.ask({ close: null });
    const { port } = (await owner.ask({ listen: { text: 'from far' } })) as { port: number };
    const listeners = Array.from({ length: 256 }, (_, at) => ({
      to: `10.0.${at}.7`,
      ports: [5432, 5432 + (at % 2)] as [number, number],
      proto: 'tcp' as const,
      listener: port,
    }));
    const many = await owner.ask({ open: await subnet({ via: 'filter', listeners }) });
    expect(many).toMatchObject({ opened: { device: null } });
    const { status } = (await owner.ask({ status: null })) as { status: { sets: unknown[] } };
    expect(status.sets).toHaveLength(1);
  });
});

describe.skipIf(!mayMakeNamespaces)('what a killed run of these tests left', () => {
  it('is gone at the next start, and what another run uses stays', async () => {
    const dead = spawnSync('true').pid;
    const [left, used] = [`/run/sp-${dead}-helper-1`, `/run/sp-${process.ppid}-helper-1`];
    const bundle = join(bundlesFolder, `for-tests-${dead}-0.mjs`);
    mkdirSync(left);
    mkdirSync(used);
    writeFileSync(bundle, '');
    try {
      (await HelperFiles.make()).remove();
      expect([left, used, bundle].map((path) => existsSync(path))).toEqual([false, true, false]);
    } finally {
      for (const path of [left, used, bundle]) rmSync(path, { recursive: true, force: true });
    }
  });
});

describe.skipIf(!mayMakeNamespaces)('the installed helper', () => {
  it('a5 does all this as a copy that only root may write, with one capability and no environment', async () => {
    const place = `/var/lib/sp-${process.pid}-installed`;
    const bundle = join(bundlesFolder, `for-tests-${process.pid}-installed.mjs`);
    try {
      await bundleHelper(bundle);
      const wish = { trust: files.trusted, confirmed: [fingerprint(files.publicKey.kid ?? '')] };
      const flags = ['--root', place, '--no-service'];
      const installed = JSON.parse(
        execFileSync(process.execPath, [bundle, 'install', ...flags], {
          input: JSON.stringify(wish),
          encoding: 'utf8',
        }),
      ) as { program: string; socket: string };
      const { program, socket } = installed;
      const service = laptop.spawn('setpriv', [
        '--bounding-set=-all,+net_admin',
        join(program, 'node'),
        join(program, 'helper.mjs'),
        'serve',
        '--etc',
        join(place, 'etc/sallyport'),
        '--run',
        join(place, 'run/sallyport'),
      ]);
      await once(createInterface({ input: service.stdout! }), 'line');
      const connection = await connectHelper({ path: socket });
      const dns = { names: [{ name: 'db.internal', address: '10.0.2.60' }], suffixes: [] };
      const named = await files.routeGrant({ names: [{ name: 'db.internal', address: '10.0.2.60' }] });
      const { opened, fd } = await connection.open(await subnet({ routeGrants: [named], dns }));
      expect(opened).toMatchObject({ device: 'sally0', dns: { how: 'hosts' } });
      await connection.close();
      closeSync(fd!);
      const gone = once(service, 'exit');
      service.kill('SIGTERM');
      await gone;
      execFileSync(process.execPath, [bundle, 'uninstall', ...flags]);
      expect(existsSync(program)).toBe(false);
    } finally {
      rmSync(place, { recursive: true, force: true });
      rmSync(bundle, { force: true });
    }
  });
});
