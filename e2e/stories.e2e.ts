import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launch, signIn } from './harness/browser.ts';
import { Product } from './harness/product.ts';
import { promised } from './harness/promised.ts';
import { Laptop, type Run } from './harness/tunnel.ts';

/** The three stories that must always work, in a real browser, with the real psql. */
const psql = ['psql', '-XAt', '-c', 'select count(*) > 0 from customers'];

describe.skipIf(!hasChromium && process.env.CI !== 'true')(
  'the three stories (needs chromium and psql)',
  () => {
    let product: Product;
    let browser: Browser;
    let laptop: Laptop;
    let engineer: Awaited<ReturnType<typeof signIn>>;
    let approver: Awaited<ReturnType<typeof signIn>>;
    beforeAll(async () => {
      product = await Product.start();
      browser = await launch();
      laptop = await Laptop.signedIn(product, 'engineer');
    });
    afterAll(async () => {
      await browser?.close();
      await laptop?.remove();
      await product?.remove();
    });

    const place = (page: Page, name: string) =>
      page
        .getByRole('navigation', { name: 'Places' })
        .first()
        .getByRole('link', { name: new RegExp(`^${name}`) })
        .click();

    async function ask(resource: string, reason: string): Promise<void> {
      await place(engineer.page, 'Resources');
      await engineer.page.getByRole('button', { name: `Ask for ${resource}` }).click();
      await engineer.page.getByLabel('Why?').fill(reason);
      await engineer.page.keyboard.press('Enter');
      await engineer.page.getByRole('dialog').getByText(`tunnel connect ${resource}`).first().waitFor();
      await engineer.page.keyboard.press('Escape');
    }

    async function approve(resource: string): Promise<void> {
      await place(approver.page, 'Inbox');
      const request = approver.page.getByRole('article', { name: /^Request of/ });
      await request.getByText(resource).first().waitFor();
      await request.getByRole('button', { name: /^Approve for/ }).click();
      await approver.page
        .getByText(/approved/i)
        .first()
        .waitFor();
    }

    it('1: the engineer asks in the browser, and the inbox shows it without a reload', async () => {
      approver = await signIn(browser, product, 'approver');
      await place(approver.page, 'Inbox');
      engineer = await signIn(browser, product, 'engineer');
      await ask('prod-rds', 'INC-4312 slow checkout query');
      const request = approver.page.getByRole('article', { name: /^Request of/ });
      await request.getByText('INC-4312 slow checkout query').first().waitFor({ timeout: 45_000 });
    });

    it('2: the approver sees what exactly becomes reachable, and approves', async () => {
      const { page } = approver;
      for (const fact of [
        'prod-db.internal:5432',
        'app_ro',
        /jit-fwd-[0-9a-f]{8}/,
        /i-0[0-9a-f]{16}/,
        /engineer@example\.com/,
      ])
        await page.getByText(fact).first().waitFor({ state: 'attached' });
      await approve('prod-rds');
      // The engineer's page learns of it by itself.
      await engineer.page
        .getByRole('button', { name: /how to connect to prod-rds/ })
        .waitFor({ timeout: 45_000 });
    });

    it('the engineer’s own psql returns the sample rows, and its exit status is passed on', async () => {
      const good = laptop.tunnel(['connect', 'prod-rds', '--', ...psql]);
      expect(await good.code, good.stderr).toBe(0);
      expect(good.stdout.trim()).toBe('t');
      const bad = laptop.tunnel([
        'connect',
        'prod-rds',
        '--',
        'psql',
        '-XAt',
        '-v',
        'ON_ERROR_STOP=1',
        '-c',
        'delete from orders',
      ]);
      expect(await bad.code).toBe(1);
      expect(bad.stderr).toContain('read-only transaction');
      const three = laptop.tunnel(
        ['connect', 'prod-rds', '--', 'psql', '-XAt', '-v', 'ON_ERROR_STOP=1', '-f', '-'],
        'select 1/0;\n',
      );
      expect(await three.code).toBe(3);
    });

    it('prod-web opens in the browser through its tunnel', async () => {
      await ask('prod-web', 'look at an order');
      await approve('prod-web');
      const run = laptop.tunnel(['connect', 'prod-web', '--json']);
      await run.until(/"port":\s*\d+/);
      const port = /"port":\s*(\d+)/.exec(run.stdout)?.[1];
      const page = await engineer.context.newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      expect(await page.getByRole('heading').first().textContent()).toMatch(/orders/i);
      await page.close();
      run.child.kill('SIGINT');
      expect(await run.code).toBe(130);
    });

    it('3: the admin sees the live session and cuts it; psql is dead within 2 s', async () => {
      const admin = await signIn(browser, product, 'admin');
      const run: Run = laptop.tunnel([
        'connect',
        'prod-rds',
        '--',
        'psql',
        '-Xqt',
        '-c',
        `select 'begun'`,
        '-c',
        'select pg_sleep(120)',
      ]);
      await run.until('begun');
      await place(admin.page, 'Sessions');
      const row = admin.page
        .getByRole('row', { name: /prod-rds/ })
        .filter({ hasText: 'engineer' })
        .first();
      await row.getByRole('button', { name: /cut/i }).click();
      const dialog = admin.page.getByRole('dialog');
      await dialog
        .getByText(/ends 1 live session/i)
        .first()
        .waitFor();
      await dialog
        .getByRole('radio', { name: /grant|access/i })
        .first()
        .click();
      await dialog.getByLabel('Why?').fill('laptop stolen');
      await dialog.getByLabel('Type prod-rds to confirm').fill('prod-rds');
      const cut = performance.now();
      await dialog
        .getByRole('button', { name: /cut|end/i })
        .last()
        .click();
      expect(await run.code).toBe(12);
      expect(performance.now() - cut).toBeLessThan(promised(2_500));
      expect(run.stderr).toContain('laptop stolen');
      expect(admin.errors).toEqual([]);
    });

    it('the auditor reads who did what, by the page of the resource, and cannot do more', async () => {
      const auditor = await signIn(browser, product, 'auditor');
      await auditor.page.goto(`${product.apiUrl}/audit?resource=prod-rds`);
      for (const sentence of [
        /engineer@example\.com (asked for|requested) prod-rds/,
        /approver@example\.com approved prod-rds for engineer@example\.com/,
        /admin@example\.com revoked/,
      ])
        await auditor.page.getByText(sentence).first().waitFor();
      expect(auditor.page.url()).toContain('resource=prod-rds');
      expect(auditor.errors).toEqual([]);
    });

    it('no page of engineer or approver reported an error on the way', () => {
      expect([...engineer.errors, ...approver.errors]).toEqual([]);
    });
  },
);
