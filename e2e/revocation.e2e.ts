import { StartSessionCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closed, opened } from './harness/hostile-client.ts';
import { leaseOf, ssmOf } from './harness/lease.ts';
import { grantOf } from './harness/person.ts';
import { Product } from './harness/product.ts';
import { promised } from './harness/promised.ts';
import { Laptop } from './harness/tunnel.ts';

/** Ending access ends it: for the cooperative client at once, for a hostile one at the lease's end. */
let product: Product;
let laptop: Laptop;
beforeAll(async () => {
  product = await Product.start();
  laptop = await Laptop.signedIn(product, 'engineer');
});
afterAll(async () => {
  await laptop.remove();
  await product.remove();
});

/** A query that says `begun` and then runs for a minute. */
const longQuery = ['psql', '-Xqt', '-c', "select 'begun'", '-c', 'select pg_sleep(60)'];

describe('a running psql', () => {
  it('is cut within 2 s of a revocation, and the tunnel exits 12 with the reason', async () => {
    const grantId = await grantOf(product.as('engineer'), product.as('approver'), 'prod-rds');
    const run = laptop.tunnel(['connect', 'prod-rds', '--', ...longQuery]);
    await run.until('begun');
    const revoked = performance.now();
    const answer = await product.as('admin').post(`/grants/${grantId}/revoke`, { reason: 'laptop stolen' });
    expect(answer).toMatchObject({ status: 200, body: { state: 'ended', endReason: 'revoked' } });
    expect(await run.code).toBe(12);
    const ms = performance.now() - revoked;
    process.stdout.write(`revoke_to_dead_ms ${ms.toFixed(0)}\n`);
    expect(ms).toBeLessThan(promised(2_000));
    expect(run.stderr).toContain('laptop stolen');
  });

  it('is cut when its grant expires, the same way', async () => {
    await grantOf(product.as('engineer'), product.as('approver'), 'prod-rds', 20);
    const run = laptop.tunnel(['connect', 'prod-rds', '--', ...longQuery]);
    await run.until('begun');
    expect(await run.code).toBe(12);
    expect(run.stderr).toMatch(/expired/);
  });
});

describe('a client that ignores everything', () => {
  it('loses a session opened in the last second of the grant with the grant', async () => {
    const { client, lease, channel, grantEnds } = await openedAtTheLastMoment(5);
    await closed(channel.socket);
    expect(Date.now() - grantEnds).toBeLessThan(promised(3_000));
    await expect(
      client.send(new StartSessionCommand({ Target: lease.instanceId, DocumentName: lease.documentName })),
    ).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});

/** A session opened in the last second of its grant. On a slow machine the grant may be over first: then once more with another. */
async function openedAtTheLastMoment(attempts: number) {
  const engineer = product.as('engineer');
  const grantId = await grantOf(engineer, product.as('approver'), 'prod-rds', 8);
  const lease = await leaseOf(engineer, grantId);
  const grant = (await engineer.get(`/grants/${grantId}`)).body as { endsAt: string };
  const grantEnds = Date.parse(grant.endsAt);
  const client = ssmOf(lease);
  // A lease's end is a whole second, so it may lie up to one before the grant's.
  await at(Math.floor(grantEnds / 1000) * 1000 - 600);
  try {
    const channel = await opened(client, lease);
    if (Date.now() < grantEnds) return { client, lease, channel, grantEnds };
    await closed(channel.socket);
  } catch (error) {
    if ((error as Error).name !== 'AccessDeniedException') throw error;
  }
  if (attempts <= 1) throw new Error('The machine is too slow to open a session within a second.');
  return openedAtTheLastMoment(attempts - 1);
}

/** Resolves at that moment of the machine's clock. */
function at(unixMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, unixMs - Date.now()));
}
