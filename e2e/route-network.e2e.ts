import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { laptopUid, type LaptopOfItsOwn } from './harness/laptop-of-its-own.ts';
import { CompanyInside } from './harness/company-inside.ts';
import { mayMakeNamespaces, Namespaces, type Namespace } from './harness/namespaces.ts';
import { grantOf } from './harness/person.ts';
import { RoutedProduct, type HelpedLaptop, type Opened } from './harness/routed-product.ts';
import { routedWorld } from './harness/routed-world.ts';
import type { Run } from './harness/tunnel.ts';

/**
 * Scenarios of routed networks with the real parts: the started product in the machine's own namespace, and a laptop in a namespace of its own, where the helper is root and
 * the person is nobody in particular. What only macOS could show is in apps/helper and libs/tunnel, up to the system call.
 */
describe.skipIf(!mayMakeNamespaces)('a routed network (needs root and /dev/net/tun)', () => {
  let world: RoutedProduct;
  let mine: HelpedLaptop;
  let at: Namespace;
  let laptop: LaptopOfItsOwn;
  let before: string;
  const connected = (...args: string[]) => mine.connected(...args);
  const curl = (url: string) => mine.curl(url);

  /** Sends as much as goes through, and takes it back, until it is killed; what cannot be packed, or a session would carry next to nothing of it. */
  const load = `const s = require('node:net').connect(7, '10.0.2.70'); const b = require('node:crypto').randomBytes(65536);
    const more = () => { while (s.write(b)); }; s.on('connect', more).on('drain', more).resume().on('error', () => {});
    s.on('connect', () => console.log('up')); setInterval(() => {}, 1e6);`;

  beforeAll(async () => {
    world = await RoutedProduct.start(await Namespaces.make(), routedWorld());
    [mine] = world.laptops as [HelpedLaptop];
    ({ at, laptop, before } = mine);
    const [engineer, approver] = [world.product.as('engineer'), world.product.as('approver')];
    for (const resource of ['prod-vpc', 'prod-rds']) await grantOf(engineer, approver, resource, 3600);
    for (const resource of ['staging-vpc', 'staging-twin', 'staging-web'])
      await engineer.asks(resource, 3600);
  });
  afterEach(() => mine.endRuns());
  afterAll(() => world?.remove());

  describe('one connection', () => {
    let vpc: Run;
    let network: Opened['network'];
    let grantId: string;

    afterAll(async () => {
      vpc?.child.kill('SIGKILL');
      await vpc?.code;
    });

    it('d1 start: the summary names device, MTU, CIDRs, instance and session', async () => {
      const { run, opened } = await connected('prod-vpc', '--debug');
      vpc = mine.keep(run);
      ({ network, grantId } = opened[0]!);
      const { device, mtu, cidrs, instanceId, ssmSessionId } = network;
      expect(cidrs).toEqual(['10.0.0.0/16']);
      expect(instanceId).toMatch(/^i-0/u);
      expect(ssmSessionId).toMatch(/^jit-grt_/u);
      expect(await at.ask('ip', ['-o', 'link', 'show', 'dev', device ?? '?'])).toContain(`mtu ${mtu} `);
      expect(await mine.routes()).toMatch(new RegExp(`10\\.0\\.0\\.0/16 dev ${device} `, 'u'));
    });

    it('a1 one command: any program reaches the network, with no setting in it', async () => {
      const page = await curl('http://10.0.2.60:8080/');
      expect(page, page.stderr).toMatchObject({ status: 0 });
      expect(page.stdout).toContain('<html');
    });

    it('a5 privilege: the command runs as an ordinary user without any capability', () => {
      const status = readFileSync(`/proc/${vpc.child.pid}/status`, 'utf8');
      expect(status).toMatch(/^CapEff:\s+0{16}$/mu);
      expect(status).toMatch(/^Uid:\s+65534\s/mu);
    });

    it('d2 far side: with our agent UDP and ICMP echo work as well', async () => {
      const ping = await laptop.run('ping', ['-c', '2', '-W', '20', '10.0.2.60']);
      expect(ping.stdout, ping.stderr).toContain(' 0% packet loss');
      const udp = `const s = require('node:dgram').createSocket('udp4'); s.on('message', (m) => { console.log(String(m)); process.exit(); });
        const ask = () => s.send('hello', 7, '10.0.2.70'); ask(); setInterval(ask, 1000); setTimeout(() => process.exit(1), 30000);`;
      const echo = await laptop.run(world.command.node, ['-e', udp]);
      expect(echo.stdout, echo.stderr).toBe('hello\n');
    });

    it('a1: the audit of the grant has the conversation, with whom and how much', async () => {
      const auditor = world.product.as('auditor');
      const conversation = { proto: 'tcp', destination: '10.0.2.60', port: 8080, end: 'client' };
      await vi.waitFor(
        async () => {
          const { status, body } = await auditor.get(`/grants/${grantId}/flows`);
          expect(status).toBe(200);
          expect(body.items).toContainEqual(expect.objectContaining({ grantId, ...conversation }));
        },
        { timeout: 60_000, interval: 500 },
      );
    });

    it('doctor shows device, rules, routes and counters as the system does', async () => {
      const doctor = laptop.tunnel(['doctor']);
      await doctor.code;
      expect(doctor.stdout).toContain(`network prod-vpc`);
      for (const shown of [network.device ?? '?', 'uidrange', '10.0.0.0/16'])
        expect(doctor.stdout).toContain(shown);
    });

    it('d3 reconnect: routes stay while the network is cut, and a new connection waits for it', async () => {
      await mine.cut(world.product);
      const asked = curl('http://10.0.2.60:8080/');
      await vpc.until('"event":"reconnecting"');
      expect(await mine.routes()).toMatch(new RegExp(`10\\.0\\.0\\.0/16 dev ${network.device} `, 'u'));
      await mine.mend();
      await vpc.until('"event":"recovered"');
      // The first may have begun before the loss was noticed; whatever became of it, the next is carried.
      await asked;
      expect(await curl('http://10.0.2.60:8080/')).toMatchObject({ status: 0 });
    });

    it('d3 reconnect: another address and another way out are noticed by the command itself, and it goes on', async () => {
      const noticed = () => vpc.stderr.split('wake what=networkChanged').length - 1;
      const before = noticed();
      const once = async (count: number) =>
        vi.waitFor(() => expect(noticed()).toBeGreaterThanOrEqual(before + count), { timeout: 30_000 });
      await at.ip('link', 'add', 'wifi0', 'type', 'veth', 'peer', 'name', 'wifi1');
      try {
        await at.ip('addr', 'add', '192.0.2.7/24', 'dev', 'wifi0');
        for (const end of ['wifi0', 'wifi1']) await at.ip('link', 'set', end, 'up');
        await once(1);
        await at.ip('route', 'add', 'default', 'via', '192.0.2.1');
        await once(2);
      } finally {
        await at.ip('link', 'del', 'wifi0');
      }
      expect(await curl('http://10.0.2.60:8080/')).toMatchObject({ status: 0 });
    });

    it('a6 throughput told: ps shows the current rate, and says so where the session is the limit', async () => {
      await under(async () => {
        await vi.waitFor(
          async () => {
            const ps = laptop.tunnel(['ps', '--json']);
            expect(await ps.code, ps.stderr).toBe(0);
            const { items } = JSON.parse(ps.stdout) as {
              items: { name: string; rateDown: number; limitedBySession: boolean }[];
            };
            const mine = items.find(({ name }) => name === 'prod-vpc');
            expect(mine?.rateDown).toBeGreaterThan(10_000);
            expect(typeof mine?.limitedBySession).toBe('boolean');
          },
          { timeout: 90_000, interval: 1_000 },
        );
      });
    });

    it('d11 end: under load Ctrl-C takes everything down', async () => {
      await under(async () => {
        vpc.child.kill('SIGINT');
        expect(await vpc.code).toBe(130);
        expect(await mine.traces()).toBe(before);
      });
    });
  });

  it('a1 one command: a program of its own, with the networks in its environment', async () => {
    const script = 'echo "$TUNNEL_CIDRS"; exec curl -sS --max-time 40 --noproxy "*" http://10.0.2.60:8080/';
    const run = laptop.tunnel(['connect', 'prod-vpc', '--', 'sh', '-c', script]);
    expect(await run.code, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/^10\.0\.0\.0\/16\n/u);
    expect(run.stdout).toContain('<html');
  });

  it('a2 nothing left behind: Ctrl-C', async () => {
    const { run } = await connected('prod-vpc');
    expect(await mine.traces()).not.toBe(before);
    run.child.kill('SIGINT');
    expect(await run.code).toBe(130);
    expect(await mine.traces()).toBe(before);
  });

  it('a2 nothing left behind: tunnel stop', async () => {
    const { run } = await connected('prod-vpc');
    const stop = laptop.tunnel(['stop', 'prod-vpc']);
    expect(await stop.code, stop.stderr).toBe(0);
    expect(await run.code).toBe(0);
    expect(await mine.traces()).toBe(before);
  });

  it(
    'a2 nothing left behind: kill -9 while it opens and under load, and the next start works',
    { timeout: 300_000 },
    async () => {
      // The device stands, and what carries it does not come.
      await mine.cut(world.product, 'silence');
      const opening = laptop.tunnel(['connect', 'prod-vpc', '--json']);
      try {
        const device = async () => expect(await at.ask('ip', ['-o', 'link'])).toContain('sally');
        await vi.waitFor(device, { timeout: 120_000, interval: 50 });
      } finally {
        await killed(opening);
        await mine.mend();
      }
      expect(opening.stdout).not.toContain('"event":"open"');
      await againAsBefore();
      const { run } = await connected('prod-vpc');
      await under(() => killed(run));
      await againAsBefore();
    },
  );

  it(
    'a2 nothing left behind: the helper is killed under load; the command ends, and the next start tidies and works',
    { timeout: 300_000 },
    async () => {
      const { run } = await connected('prod-vpc');
      try {
        await under(async () => {
          await mine.killHelper();
          expect(await run.code).toBe(11);
        });
      } finally {
        await mine.startHelper();
      }
      expect(run.stdout + run.stderr).toContain('HELPER_LOST');
      expect(await mine.traces()).toBe(before);
      await connected('prod-vpc');
      expect(await curl('http://10.0.2.60:8080/')).toMatchObject({ status: 0 });
    },
  );

  it(
    'a3 own connection excluded: a control plane and an AWS endpoint inside the granted network stay outside the tunnel',
    { timeout: 300_000 },
    async () => {
      await using _ = await CompanyInside.join(world, mine, '10.20.40.5');
      const { run, opened } = await connected('staging-web');
      expect(opened[0]?.network.excluded).toEqual(['10.20.40.5']);
      expect(await mine.routes()).toContain('throw 10.20.40.5 ');
      expect((await curl('http://10.20.40.60:8080/')).stdout).toContain('<html');
      const leases = () => leasesOf(opened[0]!.grantId);
      const first = leases();
      expect(first).toBeGreaterThan(0);
      await mine.cutPort('443');
      // Something has to be said for the loss to be noticed at once. The control plane is away as well, so that it cannot say that the grant stands.
      const asked = curl('http://10.20.40.60:8080/');
      await run.until('"event":"obstacle"');
      await mine.mend();
      await run.until('"event":"recovered"');
      await asked;
      // Both were reached past the tunnel: the control plane for another lease, AWS for another session.
      expect(leases()).toBeGreaterThan(first);
      expect((await curl('http://10.20.40.60:8080/')).stdout).toContain('<html');
      run.child.kill('SIGINT');
      expect(await run.code).toBe(130);
    },
  );

  it('a5 privilege: without the helper a device is refused, and a SOCKS listener takes its place', async () => {
    const socket = laptop.env['TUNNEL_HELPER_SOCKET'] ?? '';
    laptop.env['TUNNEL_HELPER_SOCKET'] = '/run/sallyport-none/helper.sock';
    try {
      const refused = laptop.tunnel(['connect', 'prod-vpc', '--via', 'tun']);
      expect(await refused.code).toBe(11);
      expect(refused.stderr).toContain('sudo tunnel helper install');
      const { run, opened } = await connected('prod-vpc');
      await run.until('"event":"helper-missing"');
      const proxy = opened[0]?.network.proxy ?? '';
      expect(proxy).toMatch(/^socks5h:\/\/127\.0\.0\.1:/u);
      const page = await laptop.run('curl', [
        '-sS',
        '--max-time',
        '40',
        '-x',
        proxy,
        'http://10.0.2.60:8080/',
      ]);
      expect(page.stdout, page.stderr).toContain('<html');
      run.child.kill('SIGINT');
      await run.code;
    } finally {
      laptop.env['TUNNEL_HELPER_SOCKET'] = socket;
    }
  });

  it('virtual addresses: a database by its own name, beside its port', async () => {
    const { opened } = await connected('prod-rds', '--via', 'tun');
    const [name] = opened[0]?.network.names ?? [];
    expect(name?.address).toMatch(/^100\./u);
    const asked = ['-h', name?.name ?? '', '-p', '5432', '-U', 'app_ro', '-XAt', '-c', 'select 1', 'shop'];
    const answer = await laptop.run('psql', asked);
    expect(answer.stdout, answer.stderr).toBe('1\n');
  });

  it('d6 several: two networks work and stop independently', async () => {
    const { run, opened } = await connected('prod-vpc', 'staging-vpc');
    expect(new Set(opened.map(({ network }) => network.device)).size).toBe(2);
    for (const url of ['http://10.0.2.60:8080/', 'http://10.20.8.60:8080/'])
      expect(await curl(url)).toMatchObject({ status: 0 });
    const stop = laptop.tunnel(['stop', 'staging-vpc']);
    expect(await stop.code, stop.stderr).toBe(0);
    expect(await curl('http://10.0.2.60:8080/')).toMatchObject({ status: 0 });
    run.child.kill('SIGINT');
    expect(await run.code).toBe(130);
  });

  it('d6 several: an overlap is refused with both routes shown, before anything is changed', async () => {
    await connected('staging-vpc');
    const during = await mine.traces();
    const second = laptop.tunnel(['connect', 'staging-twin', '--via', 'tun']);
    expect(await second.code).toBe(11);
    expect(second.stderr).toContain('ROUTE_CONFLICT');
    expect(second.stderr).toContain('10.20.0.0/20');
    expect(second.stderr).toContain('10.20.8.0/24');
    expect(await mine.traces()).toBe(during);
  });

  /** Does something while a program sends as fast as it can. */
  async function under(work: () => Promise<void>): Promise<void> {
    const sender = at.spawn(world.command.node, ['-e', load], { asUid: laptopUid });
    const gone = once(sender, 'exit');
    await once(sender.stdout!, 'data');
    try {
      await work();
    } finally {
      sender.kill('SIGKILL');
      await gone;
    }
  }

  /** Leases handed out for a grant, as AWS saw them. */
  function leasesOf(grantId: string): number {
    return world.product
      .cloudTrail()
      .filter(
        ({ eventName, requestParameters }) =>
          eventName === 'AssumeRole' && JSON.stringify(requestParameters).includes(grantId),
      ).length;
  }

  async function killed({ child, code }: Run): Promise<void> {
    child.kill('SIGKILL');
    await code;
  }

  /** The helper drops everything of a client that is gone. */
  async function againAsBefore(): Promise<void> {
    const same = async () => expect(await mine.traces()).toBe(before);
    await vi.waitFor(same, { timeout: 30_000, interval: 200 });
  }
});
