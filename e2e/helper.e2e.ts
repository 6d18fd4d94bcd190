import { closeSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectHelper } from '../libs/tunnel/src/helper-messages/index.ts';
import { HelperFiles } from './harness/helper-world.ts';
import { mayMakeNamespaces, Namespaces, type Namespace } from './harness/namespaces.ts';

let spaces: Namespaces;
let laptop: Namespace;
let files: HelperFiles;

beforeAll(async () => {
  if (!mayMakeNamespaces) return;
  spaces = await Namespaces.make();
  laptop = await spaces.add();
  const router = await spaces.add();
  await spaces.link(
    { at: laptop, device: 'eth0', addresses: ['192.168.7.2/24'] },
    { at: router, device: 'eth0', addresses: ['192.168.7.1/24'] },
  );
  await laptop.ip('route', 'add', 'default', 'via', '192.168.7.1');
  files = await HelperFiles.make();
  await files.start(laptop);
});
afterAll(async () => {
  await spaces?.destroy();
  files?.remove();
});

/** What a person would see of the machine's network; equal before and after when nothing was left. */
async function networkOf(space: Namespace): Promise<string> {
  const parts = [
    'ip -br link',
    'ip -br addr',
    'ip rule',
    'ip -6 rule',
    'ip route show table all',
    'nft list ruleset',
  ];
  return space.ask('sh', ['-c', `${parts.join('; ')}; cat /etc/hosts`]);
}

it.skipIf(!mayMakeNamespaces)(
  'hands over a device with its address and routes for a signed grant, and takes all away',
  async () => {
    const before = await networkOf(laptop);
    const client = await connectHelper({ path: files.socket });
    const { opened, fd } = await client.open({
      routeGrants: [await files.routeGrant()],
      via: 'tun',
      shape: 'subnet',
      exclude: ['10.0.0.5', '203.0.113.7'],
    });
    expect(opened).toMatchObject({
      device: 'sally0',
      routes: ['10.0.0.0/16'],
      excluded: ['10.0.0.5/32'],
      mtu: 65_535,
    });
    expect(readlinkSync(`/proc/self/fd/${fd}`)).toBe('/dev/net/tun');
    expect(await laptop.ask('ip', ['route', 'get', '10.0.2.60'])).toContain(`dev sally0`);
    expect(await laptop.ask('ip', ['route', 'get', '10.0.0.5'])).toContain('dev eth0');
    await client.close();
    closeSync(fd!);
    expect(await networkOf(laptop)).toBe(before);
  },
);
