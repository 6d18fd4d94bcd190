import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { generateKeyPair, thumbprint, trust, verifyAgentToken } from '@sallyport/grant-token';
import { expect, it, onTestFinished } from 'vitest';
import { readCatalogFile } from '../aws/read-catalog-file.ts';
import { CatalogueSigner } from './catalogue-signer.ts';
import { KeyFolder } from './key-folder.ts';

/** The claims of a token for all of `prod-vpc`, signed for the product's own catalogue with one field more. */
async function claimsWith(field: string) {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-signer-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'catalog.yaml');
  const text = await readFile('config/catalog.yaml', 'utf8');
  await writeFile(file, text.replace(/^ {4}widest: 16\n/mu, `$&${field}`));
  const catalog = readCatalogFile(file);
  const { clock } = simulatedEffects();
  const keys = await KeyFolder.open(join(folder, 'keys'), clock.now());
  const { publicKey } = await generateKeyPair();
  const network = catalog.resources.find(({ name }) => name === 'prod-vpc')!.network!;
  const { token } = await new CatalogueSigner(keys, catalog, clock).signAgentToken({
    ...{ resource: 'prod-vpc', agentId: 'agt_1', jti: 'jti_1', grantId: 'grt_1', personId: 'psn_1' },
    ...{ jkt: await thumbprint(publicKey), endsAt: clock.now() + 60_000 },
    network: { routes: network.routes as never, suffixes: [...network.suffixes] },
  });
  const published = keys.published(clock.now());
  return verifyAgentToken(token, {
    ...{ issuer: published.issuer, keys: await trust(published.keys), agentId: 'agt_1' },
    ...{ holder: publicKey, now: clock.now() },
  });
}

it('signs the speed that the catalogue gives a network, and none where it gives none', async () => {
  expect((await claimsWith('    mbitPerSecond: 20\n')).max_bps).toBe(20_000_000);
  expect((await claimsWith('')).max_bps).toBeUndefined();
});
