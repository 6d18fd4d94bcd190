import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RouteGrantClaims } from '@sallyport/grant-token';
import { generateKeyPair, signerOf } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import { connectHelper, encodeFrame, type OpenWish } from '@sallyport/tunnel/helper-messages';
import { crookedMessages } from './harness/crooked-messages.ts';
import { ClientProcess, HelperFiles, networkOf, ordinaryUid } from './harness/helper-world.ts';
import { mayMakeNamespaces, Namespaces, type Namespace } from './harness/namespaces.ts';

let spaces: Namespaces;
let laptop: Namespace;
let files: HelperFiles;
let untouched: string;

beforeAll(async () => {
  if (!mayMakeNamespaces) return;
  spaces = await Namespaces.make();
  laptop = await spaces.add();
  const router = await spaces.add();
  const end = (at: Namespace, address: string) => ({ at, device: 'eth0', addresses: [address] });
  await spaces.link(end(laptop, '192.168.7.2/24'), end(router, '192.168.7.1/24'));
  await laptop.ip('route', 'add', '172.30.0.0/16', 'via', '192.168.7.1');
  files = await HelperFiles.make();
  await files.start(laptop);
  untouched = await networkOf(laptop);
});
afterAll(async () => {
  if (mayMakeNamespaces) expect(await networkOf(laptop)).toBe(untouched);
  await spaces?.destroy();
  files?.remove();
});

const ports: [number, number][] = [[1, 65_535]];
const route = (cidr: string) => ({ routes: [{ cidr, ports, proto: 'tcp' as const }] });
const seconds = (offset: number) => Math.floor(Date.now() / 1000) + offset;
const named = (name: string, address: string | null) => ({ names: [{ name, address }] });
const dns = (name: string, address: string) => ({ dns: { names: [{ name, address }], suffixes: [] } });
const suffix = (name: string) => ({ dns: { names: [], suffixes: [name] } });
const virtual = (range: string, name = 'prod-rds', address = '100.64.8.3') => ({
  shape: 'virtual' as const,
  virtual: { range, entries: [{ name, address, ports: [['tcp', 5432] as ['tcp', number]] }] },
});
const pinned = { routes: [], virtual: true, ...named('prod-rds', null) };

type Row = [string, string, Partial<RouteGrantClaims>, Partial<OpenWish>];

const table: Row[] = [
  ['the default route', 'HELPER_ROUTE_TOO_WIDE', route('0.0.0.0/0'), {}],
  ['half of everything', 'HELPER_ROUTE_TOO_WIDE', route('128.0.0.0/1'), {}],
  ['a network wider than /8', 'HELPER_ROUTE_TOO_WIDE', route('10.0.0.0/7'), {}],
  ['an IPv6 network wider than /16', 'HELPER_ROUTE_TOO_WIDE', route('fd00::/15'), {}],
  ['IPv6 whole', 'HELPER_ROUTE_TOO_WIDE', route('::/0'), {}],
  ['loopback', 'HELPER_ROUTE_RESERVED', route('127.0.0.0/8'), {}],
  ['loopback of IPv6', 'HELPER_ROUTE_RESERVED', route('::1/128'), {}],
  ['link-local addresses and so the metadata service', 'HELPER_ROUTE_RESERVED', route('169.254.169.254/32'), {}],
  ['link-local addresses of IPv6', 'HELPER_ROUTE_RESERVED', route('fe80::/64'), {}],
  ['the metadata service of IPv6', 'HELPER_ROUTE_RESERVED', route('fd00:ec2::254/128'), {}],
  ['multicast', 'HELPER_ROUTE_RESERVED', route('224.0.0.0/8'), {}],
  ['multicast of IPv6', 'HELPER_ROUTE_RESERVED', route('ff02::/16'), {}],
  ['IPv4 in the form of NAT64', 'HELPER_ROUTE_RESERVED', route('64:ff9b::/96'), {}],
  ['a grant that is over', 'HELPER_GRANT_INVALID', { nbf: seconds(-100), exp: seconds(-10) }, {}],
  ['a grant that has not begun', 'HELPER_GRANT_INVALID', { nbf: seconds(600) }, {}],
  ['a grant of another control plane', 'HELPER_GRANT_INVALID', { iss: 'https://other.test' }, {}],
  ['virtual addresses out of public ones', 'HELPER_ROUTE_RESERVED', pinned, virtual('203.0.113.0/24')],
  ['virtual addresses out of the person\'s own network', 'HELPER_ROUTE_RESERVED', pinned, virtual('192.168.7.0/29')],
  ['a range that is half the pool', 'HELPER_ROUTE_TOO_WIDE', pinned, virtual('100.64.0.0/11')],
  ['an entry outside its range', 'HELPER_NOT_IN_GRANT', pinned, virtual('100.64.8.0/29', 'prod-rds', '100.64.9.3')],
  ['an entry at the device\'s own address', 'HELPER_NOT_IN_GRANT', pinned, virtual('100.64.8.0/29', 'prod-rds', '100.64.8.1')],
  ['an entry that nobody signed', 'HELPER_NOT_IN_GRANT', pinned, virtual('100.64.8.0/29', 'prod-web')],
  ['a virtual entry from a grant of a subnet', 'HELPER_NOT_IN_GRANT', {}, virtual('100.64.8.0/29')],
  ['a subnet from a grant of virtual addresses', 'HELPER_NOT_IN_GRANT', pinned, {}],
  ['a name that nobody signed', 'HELPER_NOT_IN_GRANT', {}, dns('db.internal', '10.0.2.60')],
  ['a name at another address than the signed one', 'HELPER_NOT_IN_GRANT', named('db.internal', '10.0.2.60'), dns('db.internal', '10.0.2.61')],
  ['a name outside the granted networks', 'HELPER_NOT_IN_GRANT', named('db.internal', null), dns('db.internal', '192.0.2.1')],
  ['a name of AWS', 'HELPER_NAME_RESERVED', named('ssm.eu-west-1.amazonaws.com', '10.0.2.60'), dns('ssm.eu-west-1.amazonaws.com', '10.0.2.60')],
  ['the name of this machine', 'HELPER_NAME_RESERVED', named('localhost', '10.0.2.60'), dns('localhost', '10.0.2.60')],
  ['a suffix that nobody signed', 'HELPER_NOT_IN_GRANT', { suffixes: ['internal'] }, suffix('corp')],
  ['a public suffix', 'HELPER_NAME_RESERVED', { suffixes: ['com'] }, suffix('com')],
  ['a public suffix of two labels', 'HELPER_NAME_RESERVED', { suffixes: ['co.uk'] }, suffix('co.uk')],
  ['a suffix of AWS', 'HELPER_NAME_RESERVED', { suffixes: ['rds.amazonaws.com'] }, suffix('rds.amazonaws.com')],
  ['an MTU above the grant\'s', 'HELPER_NOT_IN_GRANT', { device: { mtuMax: 1500 } }, { mtu: 9000 }],
  ['an MTU that no device has', 'HELPER_PROTOCOL', {}, { mtu: 65_536 }],
  ['a listener beside a device', 'HELPER_NOT_IN_GRANT', {}, { listeners: [{ to: '10.0.0.1', ports: [80, 80], proto: 'tcp', listener: 4000 }] }],
  ['the network that this machine is in', 'ROUTE_CONFLICT', route('192.168.0.0/16'), {}],
  ['a network that another route leads to', 'ROUTE_CONFLICT', route('172.30.4.0/24'), {}],
]; // prettier-ignore

const wish = (grant: string, more: Partial<OpenWish> = {}): OpenWish => ({
  routeGrants: [grant],
  via: 'tun',
  shape: 'subnet',
  ...more,
});

async function asked(made: OpenWish): Promise<Problem> {
  const connection = await connectHelper({ path: files.socket });
  try {
    await connection.open(made);
  } catch (problem) {
    if (problem instanceof Problem) return problem;
    throw problem;
  } finally {
    await connection.close();
  }
  throw new Error('it was not refused');
}

describe.skipIf(!mayMakeNamespaces)('the helper refuses', () => {
  it.each(table)('%s (%s)', async (_what, code, claims, more) => {
    expect(await asked(wish(await files.routeGrant(claims), more))).toMatchObject({ code });
  });

  it('a grant signed with a foreign key, and one with a changed byte', async () => {
    const { privateKey } = await generateKeyPair();
    const foreign = await files.routeGrant({}, await signerOf(privateKey));
    expect(await asked(wish(foreign))).toMatchObject({ code: 'HELPER_KEYS_OLD' });
    const good = await files.routeGrant();
    const [header, , signature] = good.split('.');
    const claims = Buffer.from(good.split('.')[1]!, 'base64url')
      .toString()
      .replace('10.0.0.0/16', '10.0.0.0/8');
    const forged = `${header}.${Buffer.from(claims).toString('base64url')}.${signature}`;
    expect(await asked(wish(forged))).toMatchObject({ code: 'HELPER_GRANT_INVALID' });
  });

  it('grants of two persons at once', async () => {
    const both = [await files.routeGrant(), await files.routeGrant({ usr: 'usr_2' })];
    expect(await asked({ ...wish(''), routeGrants: both })).toMatchObject({ code: 'HELPER_GRANT_INVALID' });
  });

  it('d6 a network that overlaps another tunnel of the same person, and shows both', async () => {
    const first = await connectHelper({ path: files.socket });
    await first.open(wish(await files.routeGrant()));
    const other = await files.routeGrant({ sub: 'grt_2', ...route('10.0.4.0/22') });
    const problem = await asked(wish(other));
    expect(problem).toMatchObject({ code: 'ROUTE_CONFLICT' });
    expect(problem.detail).toMatch(
      /10\.0\.4\.0\/22 .*10\.0\.0\.0\/16 dev sally0 \(another tunnel of Sallyport\)/,
    );
    const apart = await connectHelper({ path: files.socket });
    await apart.open(wish(await files.routeGrant({ sub: 'grt_3', ...route('10.9.0.0/16') })));
    await Promise.all([first.close(), apart.close()]);
  });

  it('a second open of a connection, and a change before anything is open', async () => {
    const connection = await connectHelper({ path: files.socket });
    const grant = await files.routeGrant();
    await expect(connection.change({ routeGrants: [grant] })).rejects.toMatchObject({
      code: 'HELPER_PROTOCOL',
    });
    await connection.open(wish(grant));
    await expect(connection.open(wish(grant))).rejects.toMatchObject({ code: 'HELPER_PROTOCOL' });
    await connection.close();
  });

  it('another user the grant that one uses, shows nothing of it, and lets go of it with its client', async () => {
    const owner = await ClientProcess.start(laptop, files, ordinaryUid);
    const grant = await files.routeGrant();
    await owner.ask({ open: wish(grant) });
    expect(await asked(wish(grant))).toMatchObject({ code: 'HELPER_GRANT_IN_USE' });
    const stranger = await ClientProcess.start(laptop, files, 1234);
    expect(await stranger.ask({ open: wish(grant) })).toMatchObject({ refused: 'HELPER_GRANT_IN_USE' });
    expect(await stranger.ask({ status: null })).toMatchObject({ status: { sets: [] } });
    expect(await owner.ask({ status: null })).toMatchObject({ status: { sets: [{ uid: ordinaryUid }] } });
    await owner.kill();
    await expect
      .poll(async () => (await stranger.ask({ open: wish(grant) })).refused, { timeout: 45_000 })
      .toBeUndefined();
    await stranger.kill();
    await expect.poll(() => networkOf(laptop), { timeout: 45_000 }).toBe(untouched);
  });

  it('nobody anything for long whose client is killed while its device is on the way', async () => {
    for (let round = 0; round < 12; round += 1) {
      const doomed = await ClientProcess.start(laptop, files, ordinaryUid);
      void doomed.ask({ open: wish(await files.routeGrant()) }).catch(() => undefined);
      // At another moment of the opening each time, none of which may end the helper itself.
      await new Promise((later) => setTimeout(later, round * 12));
      await doomed.kill();
    }
    await expect.poll(() => networkOf(laptop), { timeout: 45_000 }).toBe(untouched);
    const connection = await connectHelper({ path: files.socket });
    expect(await connection.status()).toMatchObject({ sets: [] });
    await connection.close();
  });

  it('what is no message, whatever its bytes, and goes on serving others', async () => {
    const good = encodeFrame({ ...wish(await files.routeGrant()), type: 'open', protocol: 1 });
    for (const bytes of crookedMessages(good, 1, 200)) {
      const socket = connect(files.socket);
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.end(bytes).resume();
      await once(socket, 'close');
    }
    const connection = await connectHelper({ path: files.socket });
    expect(await connection.status()).toMatchObject({ sets: [] });
    await connection.close();
  });
});
