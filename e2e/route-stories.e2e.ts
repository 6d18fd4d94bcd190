import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GatewaySshd } from './harness/gateway-sshd.ts';
import { laptopUid } from './harness/laptop-of-its-own.ts';
import { mayMakeNamespaces, Namespaces } from './harness/namespaces.ts';
import { grantOf, type Person } from './harness/person.ts';
import { RoutedProduct, type HelpedLaptop } from './harness/routed-product.ts';
import { routedWorld } from './harness/routed-world.ts';
import { Laptop } from './harness/tunnel.ts';

/** The gateways of the world, in whose sshd the networks by SSH end. */
const bastions = ['i-0b5c1d2e3f4a50617', 'i-0c6d2e3f4a5b61728'];
/** Hosts behind that sshd; each serves one page on port 8080. The last is in no list. */
const hosts = ['10.20.30.60', '10.20.31.60', '10.20.32.60', '10.20.33.60'];
const page = "require('node:http').createServer((_, answer) => answer.end('behind sshd')).listen(8080)";

/**
 * What people do with networks beside opening one: other ways into the system and to the far side, the background, more time and less. The parts are those of
 * route-network; the far side of the networks by SSH is a real sshd in a namespace with real hosts.
 */
describe.skipIf(!mayMakeNamespaces)('stories of a routed network (needs root and /dev/net/tun)', () => {
  let world: RoutedProduct;
  let sshd: GatewaySshd;
  let mine: HelpedLaptop;
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
    world = await RoutedProduct.start(spaces, routedWorld({ socketPath, hostKey }));
    [mine] = world.laptops as [HelpedLaptop];
    [engineer, approver] = [world.product.as('engineer'), world.product.as('approver')];
    desk = await Laptop.signedIn(world.product, 'approver');
    await grantOf(engineer, approver, 'prod-vpc', 3600);
    for (const name of ['staging-vpc', 'staging-web', 'staging-ssh']) await engineer.asks(name, 3600);
  });
  afterEach(() => mine.endRuns());
  afterAll(async () => {
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

  describe('d2 far side: a bastion without our agent, by its sshd', () => {
    it('carries TCP to what PermitOpen holds it to, with a key that Instance Connect pushed', async () => {
      const { opened } = await mine.connected('staging-ssh');
      expect(opened[0]?.network).toMatchObject({ way: 'ssh', cidrs: ['10.20.30.60/32'] });
      expect(await mine.curl('http://10.20.30.60:8080/')).toMatchObject({ stdout: 'behind sshd' });
      expect((await mine.curl('http://10.20.30.60:22/')).status).toBe(7);
      const { instanceId } = opened[0]!.network;
      const trail = world.product.cloudTrail();
      expect(trail.filter(({ eventName }) => eventName === 'SendSSHPublicKey')).toMatchObject([
        { requestParameters: { instanceId, osUser: sshd.user } },
      ]);
      const began = trail.filter(({ eventName }) => eventName === 'StartSession');
      expect(began.at(-1)?.requestParameters).toMatchObject({ documentName: 'jit-forward-22' });
    });
  });
});
