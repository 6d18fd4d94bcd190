import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { GatewaySshd } from './harness/gateway-sshd.ts';
import { laptopUid } from './harness/laptop-of-its-own.ts';
import { mayMakeNamespaces, Namespaces } from './harness/namespaces.ts';
import { grantOf, type Person } from './harness/person.ts';
import { askByRawPacket } from './harness/raw-packet.ts';
import { RoutedProduct, type HelpedLaptop, type Opened } from './harness/routed-product.ts';
import { routedWorld } from './harness/routed-world.ts';
import { Laptop, type Run } from './harness/tunnel.ts';

/** The gateways of the world, in whose sshd the networks by SSH end. */
const bastions = ['i-0b5c1d2e3f4a50617', 'i-0c6d2e3f4a5b61728'];
/** Hosts behind that sshd; each serves one page on port 8080. The last is in no list. */
const hosts = ['10.20.30.60', '10.20.31.60', '10.20.32.60', '10.20.33.60'];
const page = "require('node:http').createServer((_, answer) => answer.end('behind sshd')).listen(8080)";

/** Speaks with the volume on a host, a word at a time and for ever; prints each answer. */
const conversation = (host: string) => `const s = require('node:net').connect(19, '${host}');
  s.on('data', (d) => process.stdout.write(d)); setInterval(() => s.write('SUM 1\\n'), 500);
  for (const e of ['error', 'close']) s.on(e, () => { console.log('over'); process.exit(); });`;

/**
 * What people do with networks beside opening one: other ways into the system and to the far side, the background, more time and less. The parts are those of
 * route-network; the far side of the networks by SSH is a real sshd in a namespace with real hosts.
 */
describe.skipIf(!mayMakeNamespaces)('stories of a routed network (needs root and /dev/net/tun)', () => {
  let world: RoutedProduct;
  let sshd: GatewaySshd;
  let mine: HelpedLaptop;
  /** On which what waits for the end of a grant goes on beside the rest. */
  let other: HelpedLaptop;
  let story: Promise<unknown>;
  let desk: Laptop;
  let engineer: Person;
  let approver: Person;

  beforeAll(async () => {
    const spaces = await Namespaces.make();
    const gateway = await spaces.add();
    for (const host of hosts) await gateway.ip('addr', 'add', `${host}/32`, 'dev', 'lo');
    gateway.spawn(process.execPath, ['-e', page]);
    sshd = await GatewaySshd.start({
      at: gateway,
      // As infra/ writes it for `staging-ssh`, and the two that are held to nothing on the port that the test asks for.
      permitOpen: hosts.slice(0, 3).map((host) => `${host}:8080`),
      pushedKeys: async (user) => {
        const keys = bastions.map((id) => world.product.sandbox.pushedKeys(id, user));
        return (await Promise.all(keys)).flat();
      },
    });
    const { socketPath, hostKey } = sshd;
    world = await RoutedProduct.start(spaces, routedWorld({ socketPath, hostKey }), 2);
    [mine, other] = world.laptops as [HelpedLaptop, HelpedLaptop];
    [engineer, approver] = [world.product.as('engineer'), world.product.as('approver')];
    desk = await Laptop.signedIn(world.product, 'approver');
    await grantOf(engineer, approver, 'prod-vpc', 3600);
    for (const name of ['staging-vpc', 'staging-web', 'staging-ssh', 'staging-lab'])
      await engineer.asks(name, 3600);
    story = moreAndLessTime();
    // Its test tells of it.
    story.catch(() => undefined);
  });
  afterEach(() => mine.endRuns());
  afterAll(async () => {
    await story?.catch(() => undefined);
    await desk?.remove();
    await world?.remove();
    await sshd?.stop();
  });

  it('a1 by packet filter: granted ports are reached without any device, others are refused, and nothing is left', async () => {
    const { run, opened } = await mine.connected('prod-vpc', 'staging-web', '--via', 'filter');
    expect(opened.map(({ network }) => [network.via, network.device])).toEqual([
      ['filter', null],
      ['filter', null],
    ]);
    expect(await mine.at.ask('ip', ['-o', 'link'])).not.toContain('sally');
    for (const url of ['http://10.0.2.60:8080/', 'http://10.20.40.60:8080/'])
      expect((await mine.curl(url)).stdout).toContain('<html');
    // An echo is there, on a port that the grant does not open: curl's 7 is "could not connect".
    expect(await mine.curl('telnet://10.20.40.60:7')).toMatchObject({ status: 7 });
    // Nobody else of this machine has the networks.
    const another = await mine.at.run('curl', ['-sS', '--max-time', '20', 'http://10.20.40.60:8080/'], {
      uid: laptopUid - 1,
    });
    expect(another.status).not.toBe(0);
    run.child.kill('SIGINT');
    expect(await run.code).toBe(130);
    expect(await mine.traces()).toBe(mine.before);
  });

  it('in the background: ps shows it, names are the system’s to find, and stop leaves nothing', async () => {
    await mine.said('connect', 'prod-vpc', '--background');
    const ps = await listed();
    expect(ps).toMatchObject([{ name: 'prod-vpc', background: true, state: 'open' }]);
    const { names, device } = ps[0]!.network!;
    expect(await mine.laptop.run('getent', ['hosts', 'prod-db.internal'])).toMatchObject({ status: 0 });
    const asked = ['-h', 'prod-db.internal', '-U', 'app_ro', '-XAt', '-c', 'select 1', 'shop'];
    expect(await mine.laptop.run('psql', asked)).toMatchObject({ stdout: '1\n' });
    expect(names).toContain('prod-db.internal');
    // d10: what the system knew before it still knows, and of the network it knows no more than that.
    expect(mine.hostsFile).toMatch(/^127\.0\.0\.1 localhost\n::1 localhost\n/u);
    expect(mine.hostsFile).toContain(`# sallyport ${device} begin`);
    expect((await mine.laptop.run('getent', ['hosts', 'no-such-host.internal'])).status).not.toBe(0);
    await mine.said('stop', 'prod-vpc');
    expect(await listed()).toEqual([]);
    expect(await mine.traces()).toBe(mine.before);
  });

  it('of a file: up opens a network beside a port, and down closes both', async () => {
    const file = join(mine.laptop.home, 'tunnels.yaml');
    writeFileSync(file, 'tunnels:\n  - name: staging-vpc\n  - name: staging-rds\n    port: 0\n');
    chmodSync(file, 0o644);
    await mine.said('up', '-f', file, '--reason', 'INC-4312');
    expect((await listed()).map(({ name, network }) => [name, network?.via])).toEqual([
      ['staging-rds', undefined],
      ['staging-vpc', 'tun'],
    ]);
    expect((await mine.curl('http://10.20.8.60:8080/')).stdout).toContain('<html');
    await mine.said('down', '-f', file);
    expect(await listed()).toEqual([]);
    expect(await mine.traces()).toBe(mine.before);
  });

  it('d3 with --while-down refuse: who comes while the session is away is refused at once; the resolvers are those of now', async () => {
    mine.at.writeEtc('resolv.conf', 'nameserver 10.20.40.9\n');
    try {
      const { run } = await mine.connected('staging-web', '--while-down', 'refuse');
      expect((await listed())[0]?.network?.excluded).toEqual(['10.20.40.9']);
      expect(await mine.curl('http://10.20.40.60:8080/')).toMatchObject({ status: 0 });
      await mine.cut(world.product);
      // 28 would be curl's own patience at its end.
      expect(await mine.curl('http://10.20.40.60:8080/')).toMatchObject({ status: 7 });
      expect(await mine.curl('http://10.20.40.60:8080/')).toMatchObject({ status: 7 });
      mine.at.writeEtc('resolv.conf', 'nameserver 10.20.40.10\n');
      await mine.mend();
      await run.until('"event":"recovered"');
      expect(await mine.curl('http://10.20.40.60:8080/')).toMatchObject({ status: 0 });
      await vi.waitFor(async () => expect(await mine.routes()).toContain('throw 10.20.40.10 '), {
        timeout: 30_000,
      });
      expect((await listed())[0]?.network?.excluded).toEqual(['10.20.40.10']);
    } finally {
      mine.at.writeEtc('resolv.conf', '');
    }
  });

  describe('a network of whole packets and both families, beside another', () => {
    let run: Run;
    let opened: readonly Opened[];

    beforeAll(async () => {
      ({ run, opened } = await mine.connected('staging-lab', 'staging-web'));
      mine.keep(run);
    });
    afterAll(async () => {
      run?.child.kill('SIGINT');
      await run?.code;
    });

    it('L3: packets of a protocol without ports go through the device as they are, to what was granted and in no other network', async () => {
      expect(opened.map(({ network }) => network.carries)).toEqual([['tcp', 'ip'], ['tcp']]);
      const gre = async (host: string, seconds: number) =>
        (await mine.raw(askByRawPacket, host, 47, 100, seconds, 0)).trim();
      expect(await gre('10.20.56.60', 40)).toBe('100');
      const drops = async () => (await listed()).find(({ name }) => name === 'staging-web')?.network?.drops;
      // Of the other network TCP was granted, and the filter says so.
      expect(await gre('10.20.40.60', 40)).toMatch(/No route to host|Permission denied|Host is unreachable/u);
      await vi.waitFor(async () => expect(await drops()).toMatchObject({ 'protocol-not-granted': 1 }), {
        timeout: 30_000,
      });
    });

    it('d9 IPv6: TCP over IPv6 works where it is granted, and other ports and networks of IPv6 do not', async () => {
      expect(opened[0]?.network.cidrs).toContain('fd00:10:2::/64');
      const page = await mine.curl('http://[fd00:10:2::60]:8080/', '-6');
      expect(page.stdout, page.stderr).toContain('<html');
      expect(await mine.curl('http://[fd00:10:2::60]:8081/', '-6')).toMatchObject({ status: 7 });
      expect(await mine.curl('http://[fd00:10:3::60]:8080/', '-6')).toMatchObject({ status: 7 });
    });
  });

  it('a6 throughput told: under a download ps shows the rate of now, and that the sessions are the limit', async () => {
    await mine.connected('staging-vpc');
    const [node] = [world.command.node];
    const ask =
      "const s = require('node:net').connect(19, '10.20.8.60'); s.write('DOWN 2000000000\\n'); s.resume();";
    const download = mine.at.spawn(node, ['-e', ask], { asUid: laptopUid });
    const gone = once(download, 'exit');
    try {
      const limited = async () => {
        const [tunnel] = await listed();
        expect(tunnel).toMatchObject({ limitedBySession: true, health: 'limited' });
        expect(tunnel?.rateDown).toBeGreaterThan(100_000);
      };
      await vi.waitFor(limited, { timeout: 120_000, interval: 500 });
    } finally {
      download.kill('SIGKILL');
      await gone;
    }
  });

  describe('d2 far side: a bastion without our agent, by its sshd', () => {
    it('carries TCP to what PermitOpen holds it to, with a key that Instance Connect pushed', async () => {
      const { opened } = await mine.connected('staging-ssh');
      expect(opened[0]?.network).toMatchObject({ way: 'ssh', cidrs: ['10.20.30.60/32'], carries: ['tcp'] });
      expect(await mine.curl('http://10.20.30.60:8080/')).toMatchObject({ stdout: 'behind sshd' });
      expect((await mine.curl('http://10.20.30.60:22/')).status).toBe(7);
      const { instanceId } = opened[0]!.network;
      const trail = world.product.cloudTrail();
      expect(trail.filter(({ eventName }) => eventName === 'SendSSHPublicKey')).toMatchObject([
        { requestParameters: { instanceId, osUser: sshd.user } },
      ]);
      const began = trail.filter(
        ({ eventName, requestParameters }) =>
          eventName === 'StartSession' && requestParameters?.['documentName'] === 'jit-forward-22',
      );
      expect(began).toMatchObject([{ requestParameters: { target: instanceId } }]);
    });

    it('is refused where nothing holds it, unless a policy admits that', async () => {
      const words = ['request', 'staging-open', '--for', '30m', '--reason', 'INC-4312', '--no-wait'];
      const refused = mine.laptop.tunnel(words);
      expect(await refused.code).toBe(5);
      expect(refused.stderr).toContain('REQUEST_REACHES_EVERYTHING');
    });

    it('opens everything that the gateway reaches only to who was granted that, by an approver who was told', async () => {
      const id = await engineer.asks('prod-open', 1800);
      const approve = desk.tunnel(['approve', id]);
      expect(await approve.code, approve.stderr).toBe(0);
      expect(approve.stderr).toContain('10.20.32.0/24: TCP 8080');
      expect(approve.stderr).toContain('NOTHING: sshd forwards to everything that this gateway reaches');
      await mine.connected('prod-open');
      expect(await mine.curl('http://10.20.32.60:8080/')).toMatchObject({ stdout: 'behind sshd' });
    });
  });

  it('more time keeps a network, less takes it away: extended under way, revoked, expired', async () => {
    await story;
    expect(await other.traces()).toBe(other.before);
  });

  /** Two networks on the other laptop, while the rest goes on: one that is revoked, and one that is extended and expires then. */
  async function moreAndLessTime(): Promise<void> {
    await engineer.asks('staging-twin', 40);
    const { run } = await other.connected('staging-twin');
    const { endsAt } = JSON.parse(run.stdout.split('\n')[0]!) as { endsAt: string };
    await other.said('extend', 'staging-twin', '20s', '--reason', 'not done yet');
    const goesOn = speaks('10.20.8.60');
    // Beside it, since the extension has to be looked at before it is over too.
    const revocation = revoked();
    revocation.catch(() => undefined);

    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(Date.parse(endsAt) + 1_500), {
      timeout: 90_000,
    });
    const atTheEnd = goesOn.said.length;
    await vi.waitFor(() => expect(goesOn.said.length).toBeGreaterThan(atTheEnd), { timeout: 30_000 });
    expect(goesOn.said).not.toContain('over');
    expect(await run.code).toBe(12);
    expect(run.stdout).toContain('expired');
    await vi.waitFor(() => expect(goesOn.said).toContain('over'), { timeout: 30_000 });
    await revocation;
  }

  async function revoked(): Promise<void> {
    await engineer.asks('staging-more', 3600);
    const { run, opened } = await other.connected('staging-more');
    const { grantId, network } = opened[0]!;
    const speaking = speaks('10.20.48.60');
    await vi.waitFor(() => expect(speaking.said).not.toBe(''), { timeout: 60_000 });
    const at = performance.now();
    await world.product.as('admin').post(`/grants/${grantId}/revoke`, { reason: 'laptop stolen' });
    await vi.waitFor(() => expect(speaking.said).toContain('over'), { timeout: 60_000, interval: 20 });
    process.stdout.write(`routed_revoke_to_dead_ms ${(performance.now() - at).toFixed(0)}\n`);
    expect(await run.code).toBe(12);
    expect(run.stdout).toContain('laptop stolen');
    expect(await other.routes()).not.toContain(network.device);
  }

  /** A conversation of the person on the other laptop, which says `over` at its end. */
  function speaks(host: string): { said: string } {
    const child = other.at.spawn(world.command.node, ['-e', conversation(host)], { asUid: laptopUid });
    const speaking = { said: '' };
    child.stdout!.on('data', (text: Buffer) => (speaking.said += text.toString()));
    return speaking;
  }

  interface Listed {
    readonly name: string;
    readonly rateDown: number;
    readonly network: {
      readonly via: string;
      readonly device: string | null;
      readonly names: readonly string[];
      readonly excluded: readonly string[];
      readonly drops: Readonly<Record<string, number>>;
    } | null;
  }

  async function listed(): Promise<readonly Listed[]> {
    const { items } = JSON.parse(await mine.said('ps', '--json')) as { items: Listed[] };
    // Those of the other laptop are its own.
    return items.filter((item) => (item as { pid?: number | null }).pid !== null);
  }
});
