/**
 * Takes the images of the documentation from the real product: `node --conditions=development e2e/take-images.ts`
 * after a build. Times and ids differ from run to run.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../tools/start/installation.ts';
import { launch, signIn } from './harness/browser.ts';
import { grantOf } from './harness/person.ts';
import { Product, type PersonName } from './harness/product.ts';
import { Laptop } from './harness/tunnel.ts';

const folder = join(repository, 'docs/images');
const phone = { width: 390, height: 844 };

interface Picture {
  readonly name: string;
  readonly person: PersonName;
  readonly path: string;
  readonly ready: string | RegExp;
  readonly dark?: boolean;
  readonly viewport?: { width: number; height: number };
}

const pictures: readonly Picture[] = [
  { name: 'inbox-light', person: 'approver', path: '/inbox', ready: 'Approve shorter' },
  { name: 'inbox-dark', person: 'approver', path: '/inbox', ready: 'Approve shorter', dark: true },
  { name: 'inbox-phone', person: 'approver', path: '/inbox', ready: /prod-rds/, viewport: phone },
  { name: 'resources-light', person: 'engineer', path: '/', ready: 'prod-vpc' },
  { name: 'access-dark', person: 'engineer', path: '/access', ready: 'Return now', dark: true },
  { name: 'access-phone', person: 'engineer', path: '/access', ready: 'Return now', viewport: phone },
  { name: 'sessions-light', person: 'admin', path: '/sessions', ready: 'prod-web' },
  { name: 'audit-dark', person: 'auditor', path: '/audit', ready: /laptop reported lost/, dark: true },
  { name: 'audit-light', person: 'auditor', path: '/audit', ready: /laptop reported lost/ },
];

/** One grant revoked, one in use, one by policy, one request waiting. */
async function setTheScene(product: Product, laptop: Laptop): Promise<void> {
  const [engineer, approver] = [product.as('engineer'), product.as('approver')];
  const lost = await grantOf(engineer, approver, 'prod-rds', 3600);
  await laptop.tunnel(['connect', 'prod-rds', '--', 'psql', '-Xqc', 'select count(*) from orders']).code;
  await product.as('admin').post(`/grants/${lost}/revoke`, { reason: 'laptop reported lost' });
  await grantOf(engineer, approver, 'prod-web', 3600);
  const web = laptop.tunnel(['connect', 'prod-web', '--json']);
  await web.until(/"port"/);
  await fetch(`http://127.0.0.1:${/"port":\s*(\d+)/.exec(web.stdout)?.[1]}/`);
  await engineer.asks('staging-rds', 7200, 'try the new index');
  await engineer.asks(
    'prod-rds',
    3600,
    'INC-4312 slow checkout query; I want to read the plans of the three slowest',
  );
}

const product = await Product.start();
const laptop = await Laptop.signedIn(product, 'engineer');
const browser = await launch();
try {
  mkdirSync(folder, { recursive: true });
  await setTheScene(product, laptop);
  for (const { name, person, path, ready, dark, viewport } of pictures) {
    const { page, context } = await signIn(browser, product, person);
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' });
    if (viewport) await page.setViewportSize(viewport);
    await page.goto(product.apiUrl + path);
    await page.getByText(ready).locator('visible=true').first().waitFor();
    await page.waitForLoadState('load');
    await page.screenshot({ path: join(folder, `${name}.png`) });
    await context.close();
  }
} finally {
  await browser.close();
  await laptop.remove();
  await product.remove();
}
