import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closed, opened } from './harness/hostile-client.ts';
import { leaseOf, ssmOf } from './harness/lease.ts';
import { grantOf } from './harness/person.ts';
import { Product } from './harness/product.ts';
import { promised } from './harness/promised.ts';

/** The lease in hand outlives the grant by up to 120 s of real time, and no longer. */
let product: Product;
beforeAll(async () => {
  product = await Product.start();
});
afterAll(async () => {
  await product.remove();
});

describe('a client that ignores everything', () => {
  it('that starts again in a loop is out at the end of the lease in hand', async () => {
    const engineer = product.as('engineer');
    const grantId = await grantOf(engineer, product.as('approver'), 'prod-web');
    const lease = await leaseOf(engineer, grantId);
    const client = ssmOf(lease);
    let channel = await opened(client, lease);
    await product.as('admin').post(`/grants/${grantId}/revoke`, { reason: 'hostile client' });
    expect(await engineer.post(`/grants/${grantId}/leases`)).toMatchObject({
      status: 409,
      body: { code: 'GRANT_ENDED' },
    });
    let cuts = 0;
    for (;;) {
      await closed(channel.socket);
      cuts++;
      try {
        channel = await opened(client, lease);
      } catch (error) {
        expect(error).toMatchObject({ name: 'AccessDeniedException' });
        break;
      }
    }
    const late = Date.now() - Date.parse(lease.usefulUntil);
    expect(late).toBeGreaterThan(-2_000);
    expect(late).toBeLessThan(promised(20_000));
    expect(cuts).toBeGreaterThan(1);
  }, 300_000);
});
