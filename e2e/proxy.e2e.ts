import { afterAll, beforeAll, expect, it } from 'vitest';
import { CompanyNetwork, companyNames } from './harness/company-network.ts';
import { grantOf } from './harness/person.ts';
import { Product } from './harness/product.ts';
import { Laptop } from './harness/tunnel.ts';

/** The whole command behind a proxy: sign-in, live channel, Session Manager and data channel. */
const password = 'canary-password';
const readPage = `fetch('http://127.0.0.1:' + process.env.TUNNEL_PORT).then((page) => console.log('status', page.status))`;
let product: Product;
let company: CompanyNetwork;
let laptop: Laptop;

beforeAll(async () => {
  product = await Product.start();
  company = await CompanyNetwork.start(product);
  company.proxy.credentials = `ann:${password}`;
  laptop = await Laptop.signedIn(product, 'engineer', company.environment(`ann:${password}`));
});
afterAll(async () => {
  await laptop?.remove();
  await company?.close();
  await product?.remove();
});

it('tunnel connect works where a proxy is the only way out, and tells its password to nobody', async () => {
  await grantOf(product.as('engineer'), product.as('approver'), 'prod-web');
  const before = company.proxy.asked.length;
  const run = laptop.tunnel(['connect', 'prod-web', '--debug', '--', process.execPath, '-e', readPage]);
  expect(await run.code).toBe(0);
  expect(run.stdout).toContain('status 200');
  const asked = company.proxy.asked.slice(before);
  expect(new Set(asked)).toEqual(new Set([`${companyNames.server}:443`, `${companyNames.aws}:443`]));
  const told = run.stdout + run.stderr;
  expect(told).toContain(companyNames.aws);
  expect(told).not.toContain(password);
  expect(told).not.toContain(Buffer.from(`ann:${password}`).toString('base64'));
});

it('a proxy that refuses is named, with what to do, exit 11', async () => {
  const stranger = new Laptop(product, company.environment('ann:wrong'));
  try {
    const run = stranger.tunnel(['login', '--token-stdin'], `${product.as('engineer').account.token}\n`);
    expect(await run.code).toBe(11);
    expect(run.stderr).toContain('PROXY_REFUSED');
    expect(run.stderr).toContain('HTTPS_PROXY');
    expect(run.stderr).not.toContain('wrong@');
  } finally {
    await stranger.remove();
  }
});
