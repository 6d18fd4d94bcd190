import { once } from 'node:events';
import { createServer, connect, type AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import { settle, simulatedEffects } from '@sallyport/effects/simulated';
import type { Resource } from '@sallyport/api-client';
import type { Problem } from '@sallyport/problems';
import { aResource } from '../../test/api-double.ts';
import { aNetwork, aTunnel, routeGrant, SystemDouble, vpcFacts } from '../../test/network-double.ts';
import { Person } from '../../test/world-double.ts';
import type { Server } from '../server/server.ts';
import type { World } from '../world.ts';
import type { Via } from './facts.ts';
import { beginNetwork } from './tunnel-network.ts';
import { virtualRanges } from './virtual-range.ts';

const effects = simulatedEffects({ startMs: Date.parse('2026-01-01T00:00:00Z') });
const prodRds = aResource() as unknown as Resource;

const never = new AbortController().signal;
let system: SystemDouble;
let world: World;
let issued: string[];
let names: object[];
let hosts: string[];
let keySets: string[];

beforeEach(async () => {
  system = new SystemDouble();
  const person = await Person.at('https://sallyport.example.com');
  world = { ...person.world(), effects };
  issued = [];
  keySets = ['set-2', 'set-3'];
  names = [{ name: 'prod-rds', address: null }];
  hosts = [];
  await person.leave();
});

const server = {
  address: new URL('https://sallyport.example.com'),
  api: {
    listResources: async () => ({ items: hosts.map((host) => ({ host })) }),
    issueRouteGrant: async (id: string) => {
      issued.push(id);
      const now = effects.clock.now();
      const token = routeGrant({ names, suffixes: ['internal'], routes: vpcFacts.routes });
      return { token, expiresAt: new Date(now + 3_600_000).toISOString(), fingerprint: '' };
    },
    listSigningKeys: async () => ({ keySets }),
  },
} as unknown as Server;

function begin(resource: Resource, via?: Via, at: 'port' | 'socks' = 'port') {
  return beginNetwork(
    { world, server, system, debug: () => undefined },
    {
      ...{ resource, grantId: 'grt_1', via, whileDown: 'wait' },
      at: at === 'port' ? { on: 'port', port: 0 } : { on: 'socks', proxy: 'socks5h://127.0.0.1:1080' },
      refused: () => undefined,
      stranger: () => undefined,
    },
  );
}

describe('a network by a device', () => {
  it('is opened at the helper before any session, with what stays outside', async () => {
    names = [{ name: 'prod-db.internal', address: '10.0.1.5' }];
    const begun = await begin(aNetwork());
    expect(issued).toEqual(['grt_1']);
    expect(system.opens).toEqual([
      {
        ...{ via: 'tun', framing: 'vnet', shape: 'subnet', exclude: ['10.0.0.2', '10.0.9.9'] },
        routeGrants: [expect.stringMatching(/^e30\./u)],
        dns: { names: [{ name: 'prod-db.internal', address: '10.0.1.5' }], suffixes: ['internal'] },
      },
    ]);
    expect(system.devices).toEqual([]);
    await begun?.close();
    expect(system.closed).toEqual(['device 99', 'helper']);
  });

  it('joins the device to the reach, and tells what a person wants to know (d1)', async () => {
    names = [];
    const network = await (await begin(aNetwork()))?.join(aTunnel(), never);
    expect(system.devices[0]).toMatchObject({
      device: { fd: 99, name: 'sally0', addresses: ['100.64.0.1'] },
      names: { responder: '100.64.0.2', names: [], suffixes: ['internal'] },
      routes: [{ cidr: '10.0.0.0/16', proto: 'tcp' }, {}],
    });
    expect(network?.summary).toMatchObject({
      ...{ via: 'tun', way: 'agent', device: 'sally0', mtu: 65_535, cidrs: ['10.0.0.0/16'], dns: 'resolved' },
      ...{ excluded: ['10.0.0.2', '10.0.9.9'], carries: ['tcp', 'icmp'] },
      ...{ instanceId: 'i-0123456789abcdef0', ssmSessionId: 'jit-grt_1-0abc', proxy: null },
    });
    expect(network?.counters()).toMatchObject({ drops: { 'not-granted': 2 } });
    await network?.close();
    expect(system.closed.sort()).toEqual(['helper', 'reach', 'router']);
  });

  it.each(['ROUTE_CONFLICT', 'HELPER_REFUSED'] as const)(
    'leaves nothing when refused with %s',
    async (code) => {
      system.refusals = [code];
      await expect(begin(aNetwork())).rejects.toMatchObject({ code, exitCode: 11 });
      expect(system.closed).toEqual(['helper']);
    },
  );

  it('hands the helper the newer keys when it does not know the one that signed, and asks again', async () => {
    system.refusals = ['HELPER_KEYS_OLD'];
    const network = await (await begin(aNetwork()))?.join(aTunnel(), never);
    expect(system.keySets).toEqual(keySets);
    expect(system.opens).toHaveLength(2);
    expect(system.opens[1]).toEqual(system.opens[0]);
    system.changeRefusals = ['HELPER_KEYS_OLD'];
    // Another tunnel was faster.
    system.keysRefused = 'SIGNED_TOKEN_EXPIRED';
    await network?.refresh();
    expect(system.changes).toHaveLength(2);
    await network?.close();
  });

  it.each([
    ['there is no chain', [], undefined],
    ['the chain does not lead there', ['set-9'], 'SIGNED_TOKEN_KEY_UNKNOWN'],
  ] as const)('is refused with HELPER_KEYS_OLD when %s', async (_what, sets, refused) => {
    keySets = [...sets];
    system.refusals = ['HELPER_KEYS_OLD'];
    system.keysRefused = refused;
    await expect(begin(aNetwork())).rejects.toMatchObject({ code: 'HELPER_KEYS_OLD', exitCode: 11 });
    expect(system.closed).toEqual(['helper']);
  });

  it('leaves nothing when the far side is not there', async () => {
    system.reachFails = 'AGENT_UNREACHABLE';
    const begun = await begin(aNetwork());
    await expect(begun?.join(aTunnel(), never)).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
    expect(system.closed).toEqual(['device 99', 'helper']);
  });

  it('is lost with its helper, and not when it is closed', async () => {
    const network = await (await begin(aNetwork()))?.join(aTunnel(), never);
    system.endHelper('HELPER_STOPPED');
    expect(await network?.lost).toMatchObject({ code: 'HELPER_LOST', exitCode: 11 });
    await network?.close();
  });

  it('that the helper ends with the grant leaves it to the tunnel to say why', async () => {
    const told = Promise.withResolvers<unknown>();
    const tunnel = aTunnel(new Date(effects.clock.now() + 1_000).toISOString(), told.promise);
    const network = await (await begin(aNetwork()))?.join(tunnel, never);
    let lost: Problem | undefined;
    void network?.lost.then((problem) => (lost = problem));
    system.devices[0]?.ended?.('the device is gone');
    system.endHelper('GRANT_ENDED');
    await settle();
    effects.time.advance(29_000);
    await settle();
    expect(lost).toBe(undefined);
    // The tunnel closes its network with itself.
    await network?.close();
    told.resolve({});
    await settle();
    expect(lost).toBe(undefined);
  });

  it.each([
    ['the tunnel says nothing', 1_000, 30_000],
    ['the grant goes on', 3_600_000, 0],
  ])('is lost with the route grant when %s', async (_what, leftMs, afterMs) => {
    const tunnel = aTunnel(new Date(effects.clock.now() + leftMs).toISOString());
    const network = await (await begin(aNetwork()))?.join(tunnel, never);
    system.endHelper('GRANT_ENDED');
    await settle();
    effects.time.advance(afterMs);
    expect(await network?.lost).toMatchObject({ code: 'REACH_ENDED' });
    await network?.close();
  });

  it('is lost with its device, although the helper lives, and the reason is told', async () => {
    const network = await (await begin(aNetwork()))?.join(aTunnel(), never);
    system.devices[0]?.ended?.('reading the device failed with error 77');
    expect(await network?.lost).toMatchObject({
      ...{ code: 'ROUTE_DEVICE_FAILED', exitCode: 11 },
      detail: 'sally0: reading the device failed with error 77.',
    });
    await network?.close();
  });

  it.each(['tun', 'filter', 'port'] as const)('by %s is lost with the way into it', async (via) => {
    const network = await (await begin(aNetwork(), via))?.join(aTunnel(), never);
    system.loseReach('AGENT_TOKEN_REFUSED');
    const nothing = settle().then(() => null);
    expect(await Promise.race([network?.lost, nothing])).toMatchObject({ code: 'AGENT_TOKEN_REFUSED' });
    await network?.close();
  });

  it('asks for a new route grant when the grant goes on beyond it, and looks up what stays outside again', async () => {
    const tunnel = aTunnel(new Date(effects.clock.now() + 7_200_000).toISOString());
    const network = await (await begin(aNetwork()))?.join(tunnel, never);
    await network?.refresh();
    expect(system.changes).toHaveLength(1);
    effects.time.advance(3_541_000);
    await settle();
    expect(issued).toHaveLength(2);
    expect(system.changes).toHaveLength(2);
    await network?.close();
  });

  it('hands a new route grant over again when the helper did not take it', async () => {
    const tunnel = aTunnel(new Date(effects.clock.now() + 7_200_000).toISOString());
    const network = await (await begin(aNetwork()))?.join(tunnel, never);
    system.changeRefusals = ['HELPER_REFUSED'];
    effects.time.advance(3_541_000);
    await settle();
    expect(system.changes).toHaveLength(1);
    effects.time.advance(11_000);
    await settle();
    expect(issued).toHaveLength(2);
    expect(system.changes).toHaveLength(2);
    await network?.close();
  });
});

describe('a resource with a virtual address', () => {
  it('gets its own range, its own name and its one port', async () => {
    const network = await (await begin(prodRds, 'tun'))?.join(aTunnel(), never);
    const [range] = virtualRanges('prod-rds');
    expect(system.opens[0]).toMatchObject({
      shape: 'virtual',
      virtual: {
        range: range?.cidr,
        entries: [{ name: 'prod-rds', address: range?.resource, ports: [['tcp', 5432]] }],
      },
      dns: { names: [{ name: 'prod-rds', address: range?.resource }], suffixes: [] },
    });
    expect(network?.summary).toMatchObject({ way: 'pinned', names: [{ name: 'prod-rds' }] });
    await network?.close();
  });

  it('takes the next range where another program has the first', async () => {
    system.refusals = ['ROUTE_CONFLICT', 'ROUTE_CONFLICT'];
    const network = await (await begin(prodRds, 'tun'))?.join(aTunnel(), never);
    const ranges = virtualRanges('prod-rds').map(({ cidr }) => cidr);
    expect(system.opens.map(({ virtual }) => virtual?.range)).toEqual(ranges.slice(0, 3));
    await network?.close();
  });

  it('needs nothing when nobody asked for it', async () => {
    expect(await begin(prodRds)).toBe(null);
    await expect(begin(prodRds, 'filter')).rejects.toMatchObject({ code: 'COMMAND_USAGE' });
    expect(system.opens).toEqual([]);
  });
});

describe('a network by the packet filter', () => {
  it('has its listeners before the filter leads to them', async () => {
    const network = await (await begin(aNetwork(), 'filter'))?.join(aTunnel(), never);
    expect(system.opens).toMatchObject([
      {
        via: 'filter',
        shape: 'subnet',
        listeners: [{ to: '10.0.0.0/16', listener: 4_711 }],
        dns: { listener: 4_712 },
      },
    ]);
    expect(network?.summary).toMatchObject({ via: 'filter', device: null });
    await network?.close();
    expect(system.closed.sort()).toEqual(['helper', 'reach', 'router']);
  });
});

describe('a change of what stands', () => {
  it('keeps the listeners of the packet filter, and its responder for names', async () => {
    const network = await (await begin(aNetwork(), 'filter'))?.join(aTunnel(), never);
    await network?.refresh();
    expect(system.changes).toMatchObject([
      { listeners: [{ to: '10.0.0.0/16', listener: 4_711 }], dns: { listener: 4_712 } },
    ]);
    await network?.close();
  });

  it('keeps the range of a virtual address', async () => {
    const network = await (await begin(prodRds, 'tun'))?.join(aTunnel(), never);
    await network?.refresh();
    expect(system.changes).toMatchObject([{ virtual: system.opens[0]?.virtual }]);
    expect((system.changes[0] as { listeners?: unknown }).listeners).toBe(undefined);
    await network?.close();
  });
});

describe('names of a network', () => {
  beforeEach(() => {
    names = [];
    hosts = ['web.internal', 'quiet.internal', 'web.example.com', '10.0.2.60'];
  });

  it('that the catalogue knows are written down where the system cannot ask for a domain', async () => {
    system.dns = 'hosts';
    const network = await (await begin(aNetwork()))?.join(aTunnel(), never);
    const found = [{ name: 'web.internal', address: '10.0.2.60' }];
    expect(system.changes).toMatchObject([{ dns: { names: found, suffixes: ['internal'] } }]);
    expect(network?.summary).toMatchObject({ dns: 'hosts', names: found, responder: '100.64.0.2' });
    await network?.recovered();
    // They lead where they led: nothing but what stays outside is asked anew.
    expect(system.changes).toHaveLength(2);
    await network?.close();
  });

  it('need no list where it can', async () => {
    const network = await (await begin(aNetwork()))?.join(aTunnel(), never);
    expect(system.changes).toEqual([]);
    expect(network?.summary.names).toEqual([]);
    await network?.close();
  });

  it('do not keep a network from opening when the helper will not have them', async () => {
    system.dns = 'hosts';
    system.changeRefusals = ['HELPER_NOT_IN_GRANT'];
    const network = await (await begin(aNetwork()))?.join(aTunnel(), never);
    expect(network?.summary.cidrs).toEqual(['10.0.0.0/16']);
    await network?.close();
  });
});

describe('a network without the helper', () => {
  it('is refused when a device was asked for, with the line that installs it', async () => {
    system.installed = false;
    await expect(begin(aNetwork(), 'tun')).rejects.toMatchObject({
      ...{ code: 'HELPER_NOT_INSTALLED', exitCode: 11 },
      advice: expect.stringContaining('sudo tunnel helper install') as string,
    });
  });

  it('is a SOCKS listener when nothing was asked for, and that is said', async () => {
    system.installed = false;
    const begun = await begin(aNetwork());
    expect(begun?.missingHelper).toBe(true);
    const network = await begun?.join(aTunnel(), never);
    expect(network?.summary).toMatchObject({ via: 'port', cidrs: ['10.0.0.0/16'] });
    expect(network?.summary.proxy).toMatch(/^socks5h:\/\/127\.0\.0\.1:\d+$/u);
    await network?.close();
    expect(system.closed).toEqual(['reach']);
  });

  it('has no listener of its own behind one that all share', async () => {
    const network = await (await begin(aNetwork(), undefined, 'socks'))?.join(aTunnel(), never);
    expect(network?.summary).toMatchObject({ via: 'port', proxy: null });
    await network?.close();
  });

  it('dials what is granted, by address, and refuses the rest', async () => {
    const echo = createServer((socket) => void socket.on('error', () => undefined).pipe(socket));
    await once(echo.listen(0, '127.0.0.1'), 'listening');
    const { port } = echo.address() as AddressInfo;
    const network = await (await begin(aNetwork(), 'port'))?.join(aTunnel(), never);
    const proxy = Number(network?.summary.proxy?.split(':').at(-1));
    const ask = async (address: readonly number[], to: number) => {
      const socket = connect(proxy, '127.0.0.1');
      socket.on('error', () => undefined);
      const answer: Buffer[] = [];
      socket.on('data', (bytes: Buffer) => {
        answer.push(bytes);
        if (Buffer.concat(answer).toString().endsWith('hello')) socket.end();
      });
      socket.write(Uint8Array.of(5, 1, 0, 5, 1, 0, 1, ...address, to >> 8, to & 255));
      socket.write('hello');
      await once(socket, 'close');
      return Buffer.concat(answer);
    };
    expect((await ask([10, 0, 2, 60], port)).toString()).toMatch(/hello$/u);
    expect((await ask([10, 1, 2, 60], port)).subarray(2, 4)).toEqual(Buffer.of(5, 2));
    await network?.close();
    await new Promise((done) => echo.close(done));
  });
});
