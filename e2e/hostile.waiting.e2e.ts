import type { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closed, opened } from './harness/hostile-client.ts';
import { leaseOf, ssmOf, type Lease } from './harness/lease.ts';
import { grantOf } from './harness/person.ts';
import { Product } from './harness/product.ts';
import { promised } from './harness/promised.ts';

/** The lease in hand outlives a grant that was given back by up to 120 s of real time; one that was revoked is denied at once. */
let product: Product;
beforeAll(async () => {
  product = await Product.start();
});
afterAll(async () => {
  await product.remove();
});

/** Starts a session again whenever one was ended, until AWS refuses; resolves with how many were ended. */
async function triedAgainAndAgain(client: SSMClient, lease: Lease): Promise<number> {
  let channel = await opened(client, lease);
  for (let cuts = 1; ; cuts++) {
    await closed(channel.socket);
    try {
      channel = await opened(client, lease);
    } catch (error) {
      expect(error).toMatchObject({ name: 'AccessDeniedException' });
      return cuts;
    }
  }
}

describe('a client that ignores everything and starts again in a loop', () => {
  it('is out at the end of the lease in hand when its grant was given back', async () => {
    const engineer = product.as('engineer');
    const grantId = await grantOf(engineer, product.as('approver'), 'prod-web');
    const lease = await leaseOf(engineer, grantId);
    await engineer.post(`/grants/${grantId}/return`);
    expect(await engineer.post(`/grants/${grantId}/leases`)).toMatchObject({
      status: 409,
      body: { code: 'GRANT_ENDED' },
    });
    const cuts = await triedAgainAndAgain(ssmOf(lease), lease);
    const late = Date.now() - Date.parse(lease.usefulUntil);
    expect(late).toBeGreaterThan(-2_000);
    expect(late).toBeLessThan(promised(20_000));
    expect(cuts).toBeGreaterThan(1);
  }, 300_000);

  it('is out long before that when its grant was revoked', async () => {
    const engineer = product.as('engineer');
    const grantId = await grantOf(engineer, product.as('approver'), 'prod-web');
    const lease = await leaseOf(engineer, grantId);
    const client = ssmOf(lease);
    const first = await opened(client, lease);
    await product.as('admin').post(`/grants/${grantId}/revoke`, { reason: 'hostile client' });
    await closed(first.socket);
    await expect.poll(() => denied(client, lease), { timeout: 60_000, interval: 500 }).toBe(true);
    expect(Date.parse(lease.usefulUntil)).toBeGreaterThan(Date.now());
  }, 300_000);
});

/** Whether AWS refuses a new session; one that it gives is left to the sweeps. */
async function denied(client: SSMClient, lease: Lease): Promise<boolean> {
  try {
    await opened(client, lease);
    return false;
  } catch (error) {
    expect(error).toMatchObject({ name: 'AccessDeniedException' });
    return true;
  }
}
