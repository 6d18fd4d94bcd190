import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grantOf, type Person } from './harness/person.ts';
import { Product } from './harness/product.ts';
import { Laptop } from './harness/tunnel.ts';

/** More time on a grant, while something runs over it. */
let product: Product;
let laptop: Laptop;
let engineer: Person;
let approver: Person;
beforeAll(async () => {
  product = await Product.start();
  laptop = await Laptop.signedIn(product, 'engineer');
  [engineer, approver] = [product.as('engineer'), product.as('approver')];
});
afterAll(async () => {
  await laptop?.remove();
  await product?.remove();
});

interface SeenGrant {
  readonly state: string;
  readonly endsAt: string;
  readonly extensions: number;
}
const grant = async (id: string) => (await engineer.get(`/grants/${id}`)).body as SeenGrant;
interface SeenRequest {
  readonly id: string;
  readonly factsDigest: string;
  readonly extension: { readonly grantId: string } | null;
}
/** The extension of a grant that waits. */
async function extensionOf(grantId: string): Promise<SeenRequest> {
  const { items } = (await engineer.get('/access-requests?view=mine&state=pending')).body as {
    items: SeenRequest[];
  };
  const found = items.find((request) => request.extension?.grantId === grantId);
  if (!found) throw new Error(`no extension of ${grantId} waits`);
  return found;
}
/** A psql that says `begun`, works for so long, and says `finished`. */
const working = (seconds: number) =>
  [
    'psql',
    '-Xqt',
    '-c',
    "select 'begun'",
    '-c',
    `select pg_sleep(${seconds})`,
    '-c',
    "select 'finished'",
  ] as const;

// Each waits for an end of its own.
describe.concurrent('tunnel extend', () => {
  it('keeps a psql alive beyond the end it was opened with', async () => {
    const grantId = await grantOf(engineer, approver, 'prod-rds', 30);
    const { endsAt } = await grant(grantId);
    const run = laptop.tunnel(['connect', 'prod-rds', '--', ...working(35)]);
    await run.until('begun');
    const extend = laptop.tunnel(['extend', 'prod-rds', '1m', '--reason', 'not done yet', '--json']);
    await extend.until('waiting for 1 of db-owners');
    const { id } = await extensionOf(grantId);
    expect(await approver.approves(id)).toMatchObject({
      status: 201,
      body: { state: 'approved', items: [{ grantId }], extension: { grantId, endsAt } },
    });
    expect(await extend.code).toBe(0);
    const until = new Date(Date.parse(endsAt) + 60_000).toISOString();
    expect(JSON.parse(extend.stdout)).toMatchObject({ id, state: 'approved', grantId, endsAt: until });
    expect(await run.code).toBe(0);
    expect(run.stdout).toContain('finished');
    expect(Date.now()).toBeGreaterThan(Date.parse(endsAt));
    expect(await grant(grantId)).toMatchObject({ state: 'active', endsAt: until, extensions: 1 });
    const { items } = (await product.as('auditor').get(`/audit-events?grant=${grantId}&type=grant.extended`))
      .body as { items: { sentence: string; requestId: string }[] };
    expect(items).toMatchObject([{ sentence: expect.stringContaining('extended by 1 min') as string }]);
  });

  it('leaves the end as it was when it is denied, and says so with exit code 5', async () => {
    const grantId = await grantOf(engineer, approver, 'prod-web', 30);
    const { endsAt } = await grant(grantId);
    const run = laptop.tunnel(['connect', 'prod-web', '--', 'sh', '-c', 'echo begun; exec sleep 60']);
    await run.until('begun');
    const extend = laptop.tunnel(['extend', 'prod-web', '30m']);
    await extend.until('waiting for 1 of production-owners');
    const { id, factsDigest } = await extensionOf(grantId);
    const deny = { verdict: 'deny', factsDigest, comment: 'the release is over' };
    expect((await approver.post(`/access-requests/${id}/reviews`, deny)).status).toBe(201);
    expect(await extend.code).toBe(5);
    expect(extend.stderr).toContain('the release is over');
    expect(await run.code).toBe(12);
    expect(await grant(grantId)).toMatchObject({ state: 'ended', endsAt, extensions: 0 });
    const again = laptop.tunnel(['extend', 'prod-web', '30m']);
    expect(await again.code).toBe(6);
  });

  it('is the line that the warning before the end tells, and moves the end of a grant that a policy extends at once', async () => {
    // Long enough that the tunnel is open before the last minute begins, on a machine with other work too.
    await engineer.asks('staging-rds', 95);
    const run = laptop.tunnel(['connect', 'staging-rds', '--json']);
    await run.until(/"event":\s*"warning"/);
    const warning = run.stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { event: string; extend?: string; secondsLeft?: number })
      .find(({ event }) => event === 'warning');
    expect(warning).toMatchObject({ secondsLeft: 60, extend: 'tunnel extend staging-rds 30m' });
    const extend = laptop.tunnel((warning?.extend ?? '').split(' ').slice(1));
    expect(await extend.code).toBe(0);
    expect(extend.stderr).toContain('open tunnels go on');
    run.child.kill('SIGINT');
    await run.code;
  });
});
