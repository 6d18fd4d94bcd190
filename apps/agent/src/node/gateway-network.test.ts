import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { gatewayNetwork, resolversBehind } from './gateway-network.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sallyport-resolvers-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('knows the resolver of the network also where systemd-resolved stands before it', async () => {
  const [stub, uplinks] = [join(folder, 'resolv.conf'), join(folder, 'uplinks.conf')];
  writeFileSync(stub, 'nameserver 127.0.0.53\noptions edns0 trust-ad\n');
  writeFileSync(uplinks, '# made by systemd-resolved\nnameserver 10.0.0.2\nnameserver 127.0.0.53\n');
  expect(await resolversBehind([stub, uplinks])).toEqual(['127.0.0.53', '10.0.0.2']);
  expect(await resolversBehind([stub, join(folder, 'none')])).toEqual(['127.0.0.53']);
});

it('tells its addresses by the same list as long as they are the same, so that what was judged by them holds', async () => {
  const effects = simulatedEffects();
  const network = await gatewayNetwork(effects, undefined);
  try {
    const before = network.ownAddresses();
    effects.time.advance(10_000);
    expect(network.ownAddresses()).toBe(before);
  } finally {
    network.close();
  }
});
