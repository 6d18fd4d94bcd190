import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chromiumPath, hasChromium, launchBrowser, openPage, signInAs } from './browser.ts';
import { startStubApi, webRoot, type StubApi } from './stub-api.ts';
import { moveHost } from './stub/accounts.ts';
import { busyDay } from './stub/scenario.ts';

describe.skipIf(!hasChromium)(
  `accounts on hosts in Chromium (needs ${chromiumPath})`,
  { timeout: 120_000 },
  () => {
    let browser: Browser;
    let stub: StubApi;

    beforeAll(async () => {
      if (!existsSync(join(webRoot, 'accounts.html')))
        execFileSync('npx', ['nx', 'build', '@sallyport/web'], {
          ...{ cwd: join(webRoot, '..'), stdio: 'inherit', timeout: 280_000 },
        });
      stub = await startStubApi();
      browser = await launchBrowser();
    }, 300_000);
    afterAll(async () => {
      await browser?.close();
      await stub?.close();
    });
    beforeEach(() => {
      stub.world = busyDay();
    });

    async function findings(page: Page): Promise<string[]> {
      const { violations } = await new AxeBuilder({ page }).analyze();
      return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
    }

    async function opened(account: string, options: Parameters<typeof openPage>[1] = {}) {
      const seen = await openPage(browser, options);
      await signInAs(seen.page, stub.url, account);
      return seen;
    }
    const on = (page: Page, gateway: string) => page.getByRole('region', { name: `Accounts on ${gateway}` });

    it.each([
      ['light', 1280],
      ['dark', 390],
    ] as const)(
      'show what would be done, do exactly that, and tell of it, in %s at a width of %i',
      async (colorScheme, width) => {
        const [event] = stub.world.events;
        if (!event) throw new Error('no event');
        const sentence = 'dana@example.com applied a plan of accounts to web-1';
        stub.world.events.unshift({ ...event, id: 'evt_applied', type: 'os_users.applied', sentence });
        const { context, page, complaints } = await opened('admin', {
          ...{ colorScheme, viewport: { width, height: 900 } },
        });
        const asked: string[] = [];
        page.on('request', (request) => {
          if (request.method() === 'POST') asked.push(`${request.url()} ${request.postData() ?? ''}`);
        });
        await page.getByRole('link', { name: 'Accounts' }).locator('visible=true').click();
        const web = on(page, 'web-1');
        await web.getByText('nothing changes until you apply').waitFor();
        await page.getByText('os-users.sync').waitFor();
        await page.getByText('Follows its group by itself').waitFor();
        await page.getByRole('region', { name: 'What was done' }).getByText(sentence).waitFor();
        expect(asked).toEqual([]);
        await web.getByRole('button', { name: 'Show what would be done' }).click();
        await web.getByText('In all: create 1, lock 1; 3 processes end.').waitFor();
        const changes = await web.getByRole('list', { name: 'Changes on web-1' }).innerText();
        for (const word of ['Create', 'ada', 'Lock', 'grace@example.com', '3 processes end'])
          expect(changes).toContain(word);
        await web.getByText('/home/old/.ssh/authorized_keys').waitFor();
        await web.getByText('the name is that of a system account').waitFor();
        await web.getByText('GATEWAY_OFFLINE').waitFor();
        expect(await findings(page)).toEqual([]);
        // Nothing is wider than the screen.
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        await web.getByRole('button', { name: 'Apply this plan' }).click();
        await page.getByText('2 steps done on 1 host.').waitFor();
        await web.getByText('Every account is as it should be.').waitFor();
        await web.getByRole('button', { name: 'Apply this plan' }).click({ force: true });
        const applied = asked.filter((each) => each.includes('/accounts/apply'));
        expect(applied).toEqual([expect.stringContaining(`{"plan":"${'a'.repeat(64)}"}`)]);
        expect(complaints).toEqual([]);
        await context.close();
      },
    );

    it('are not changed by a plan that is no longer the one of now', async () => {
      const { context, page } = await opened('admin');
      await page.goto(`${stub.url}/accounts`);
      const web = on(page, 'web-1');
      await web.getByRole('button', { name: 'Show what would be done' }).click();
      await web.getByText('In all: create 1').waitFor();
      moveHost(stub.world);
      await web.getByRole('button', { name: 'Apply this plan' }).click();
      await web.getByText('OS_USERS_PLAN_CHANGED').waitFor();
      await web.getByRole('button', { name: 'Ask the hosts again' }).click();
      await web.getByText('OS_USERS_PLAN_CHANGED').waitFor({ state: 'detached' });
      await web.getByRole('button', { name: 'Apply this plan' }).click();
      await page.getByText('2 steps done on 1 host.').waitFor();
      await context.close();
    });

    it('are no place of who is no administrator', async () => {
      const { context, page } = await opened('engineer');
      expect(await page.getByRole('link', { name: 'Accounts' }).count()).toBe(0);
      await page.goto(`${stub.url}/accounts`);
      await page.getByText('Accounts on hosts are for administrators').waitFor();
      await context.close();
    });
  },
);
