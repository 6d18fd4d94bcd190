import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chromiumPath, hasChromium, launchBrowser, openPage, signInAs } from './browser.ts';
import { startStubApi, webRoot, type StubApi } from './stub-api.ts';
import { changeFacts } from './stub/routes.ts';
import { busyDay, grantOf, quietDay } from './stub/scenario.ts';
import { pendingRequest, people } from './stub/world.ts';

const required = process.env.CI === 'true';

it.runIf(required)('has a Chromium to look with, since CI=true', () => {
  expect(hasChromium, `${chromiumPath} is missing`).toBe(true);
});

describe.skipIf(!hasChromium)(
  `the dashboard in Chromium (needs ${chromiumPath})`,
  { timeout: 120_000 },
  () => {
    let browser: Browser;
    let stub: StubApi;

    beforeAll(async () => {
      if (!existsSync(join(webRoot, 'index.html'))) {
        const web = join(webRoot, '..');
        execFileSync('npx', ['nx', 'build', '@sallyport/web'], {
          cwd: web,
          stdio: 'inherit',
          timeout: 280_000,
        });
      }
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

    /** Every page by somebody who sees it full, with a text that stands there when it has been read. */
    const tours = {
      engineer: [
        ['/', 'prod-vpc'],
        ['/access', 'Return now'],
      ],
      admin: [
        ['/inbox', 'Approve shorter'],
        ['/sessions', 'Open grants'],
        ['/audit', 'laptop reported lost'],
      ],
    } as const;

    async function findings(page: Page): Promise<string[]> {
      const { violations } = await new AxeBuilder({ page }).analyze();
      return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
    }

    async function signedIn(account: string, options: Parameters<typeof openPage>[1] = {}) {
      const opened = await openPage(browser, options);
      await signInAs(opened.page, stub.url, account);
      return opened;
    }

    describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
      it('asks for email and password without an axe finding', async () => {
        const { context, page, complaints } = await openPage(browser, { colorScheme });
        await page.goto(`${stub.url}/inbox`);
        await page.getByLabel('Email').waitFor();
        expect(new URL(page.url()).search).toBe('?next=%2Finbox');
        expect(await findings(page)).toEqual([]);
        expect(complaints).toEqual([]);
        await context.close();
      });

      it.each(['engineer', 'admin'] as const)(
        'the pages of %s have no axe finding, nothing blocked and nothing on the console',
        async (account) => {
          const { context, page, complaints } = await signedIn(account, { colorScheme });
          for (const [path, ready] of tours[account]) {
            await page.goto(stub.url + path);
            await page.getByText(ready).locator('visible=true').first().waitFor();
            expect(await findings(page), path).toEqual([]);
          }
          expect(complaints).toEqual([]);
          await context.close();
        },
      );

      it('a network shows what it reaches to its reviewer, and where it was used to, without an axe finding', async () => {
        stub.world.requests.unshift(
          pendingRequest(stub.world, people.engineer, {
            ...{ resource: 'prod-vpc', durationSeconds: 3_600, reason: 'INC-9' },
          }),
        );
        grantOf(stub.world, people.engineer, 'prod-vpc', -600, 3_000);
        const { context, page, complaints } = await signedIn('approver', { colorScheme });
        await page.goto(`${stub.url}/inbox`);
        await page.getByText('10.0.0.0/16').locator('visible=true').first().waitFor();
        await page.getByText('The agent on the gateway judges every conversation.').first().waitFor();
        expect(await findings(page)).toEqual([]);
        const own = await signedIn('engineer', { colorScheme });
        await own.page.goto(`${stub.url}/access`);
        await own.page.getByRole('button', { name: 'Destinations of prod-vpc' }).click();
        await own.page.getByText('orders.internal').waitFor();
        await settled(own.page);
        expect(await findings(own.page)).toEqual([]);
        expect([...complaints, ...own.complaints]).toEqual([]);
        await context.close();
        await own.context.close();
      });

      it('dialogs have no axe finding', async () => {
        const { context, page, complaints } = await signedIn('admin', { colorScheme });
        await page.getByRole('button', { name: 'Ask for prod-rds' }).click();
        await page.getByRole('dialog').getByLabel('Why?').waitFor();
        await settled(page);
        expect(await findings(page)).toEqual([]);
        await page.keyboard.press('Escape');
        await page.goto(`${stub.url}/sessions`);
        await page.getByRole('button', { name: /^Cut/ }).first().click();
        await settled(page);
        expect(await findings(page)).toEqual([]);
        await page.goto(`${stub.url}/audit`);
        await page.getByText('laptop reported lost').click();
        await settled(page);
        expect(await findings(page)).toEqual([]);
        expect(complaints).toEqual([]);
        await context.close();
      });
    });

    it.each(['engineer', 'admin'] as const)('the pages of %s fit a phone', async (account) => {
      const phone = { width: 390, height: 844 };
      const { context, page, complaints } = await signedIn(account, { viewport: phone });
      for (const [path, ready] of tours[account]) {
        await page.goto(
          stub.url + (path === '/inbox' ? `/inbox?request=${stub.world.requests[0]?.id}` : path),
        );
        await page.getByText(ready).locator('visible=true').first().waitFor();
        expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(phone.width);
        expect(await findings(page), path).toEqual([]);
      }
      expect(complaints).toEqual([]);
      await context.close();
    });

    /** Until the dialog has faded in: half-transparent text has half the contrast. */
    async function settled(page: Page): Promise<void> {
      await page.getByRole('dialog').waitFor();
      await page.waitForFunction(() =>
        document.getAnimations().every((each) => each.playState === 'finished'),
      );
    }

    it('is empty but helpful on the first day', async () => {
      stub.world = quietDay();
      const { context, page, complaints } = await signedIn('admin');
      for (const [path, command] of [
        ['/inbox', 'tunnel requests --to-review'],
        ['/access', 'tunnel ls'],
        ['/sessions', 'tunnel ps'],
        ['/audit', 'tunnel request'],
      ] as const) {
        await page.goto(stub.url + path);
        await page.getByText(command).waitFor();
        expect(await findings(page)).toEqual([]);
      }
      expect(complaints).toEqual([]);
      await context.close();
    });

    it('asks and approves by keyboard alone, and each sees the other without a reload', async () => {
      stub.world = quietDay();
      const approver = await signedIn('approver');
      await approver.page.keyboard.press('g');
      await approver.page.keyboard.press('i');
      await approver.page.getByText('Nothing to review').waitFor();

      const engineer = await signedIn('engineer');
      await engineer.page.getByText('prod-rds').first().waitFor();
      await engineer.page.keyboard.press('j');
      await engineer.page.keyboard.press('Enter');
      await engineer.page.getByLabel('Why?').waitFor();
      await engineer.page.keyboard.type('INC-4312 slow checkout query');
      await engineer.page.keyboard.press('Enter');
      await engineer.page.getByText('Waiting for one of db-owners').waitFor();
      await engineer.page.getByText('tunnel connect prod-rds').waitFor();

      // Two keys from the inbox: to the approve button, and press it.
      await approver.page.getByText('prod-db.internal:5432').waitFor();
      await approver.page.keyboard.press('a');
      await approver.page.keyboard.press('Enter');
      await engineer.page.getByText('Approved by Amara Okafor').waitFor();
      await engineer.page.keyboard.press('Escape');
      await engineer.page.getByRole('button', { name: /^Granted .*prod-rds/ }).waitFor();
      expect([...approver.complaints, ...engineer.complaints]).toEqual([]);
      await approver.context.close();
      await engineer.context.close();
    });

    it('extends a grant by asking, and the approver reads until when', async () => {
      const [engineer, approver] = [await signedIn('engineer'), await signedIn('approver')];
      await engineer.page.goto(`${stub.url}/access`);
      await engineer.page.getByRole('button', { name: /^Extend\s+prod-web$/ }).click();
      await engineer.page.getByRole('radio', { name: '15 min' }).click();
      await settled(engineer.page);
      expect(await findings(engineer.page)).toEqual([]);
      await engineer.page.getByRole('button', { name: /^Extend by 15 min, until/ }).click();
      await engineer.page.getByText('more time asked').waitFor();

      const { id } = stub.world.requests[0]!;
      await approver.page.goto(`${stub.url}/inbox?request=${id}`);
      await approver.page.getByText('asks to extend prod-web by 15 min').waitFor();
      await approver.page.getByText('What stays reachable').waitFor();
      expect(await findings(approver.page)).toEqual([]);
      await approver.page.getByRole('button', { name: 'Extend by 15 min' }).click();
      await engineer.page.getByText('extended once').waitFor();
      expect([...approver.complaints, ...engineer.complaints]).toEqual([]);
      await approver.context.close();
      await engineer.context.close();
    });

    it('prefills the last reason and duration, so that asking again is one press and Enter', async () => {
      stub.world = quietDay();
      const { context, page } = await signedIn('engineer');
      const ask = page.getByRole('button', { name: 'Ask for prod-rds' });
      await ask.click();
      await page.getByRole('radio', { name: '30 min' }).click();
      await page.getByLabel('Why?').fill('INC-1');
      await page.getByLabel('Why?').press('Enter');
      await page.getByText('Waiting for one of').waitFor();
      await page.keyboard.press('Escape');
      stub.world = quietDay();
      stub.hint('resource', 'all');
      await ask.click();
      await page.getByRole('button', { name: 'Ask for 30 min' }).waitFor();
      expect(await page.getByLabel('Why?').inputValue()).toBe('INC-1');
      await page.keyboard.press('Enter');
      await page.getByText('Waiting for one of').waitFor();
      await context.close();
    });

    it('holds an approval when the facts changed under the reader, and posts the digest of what was read', async () => {
      const { context, page } = await signedIn('approver');
      // From the change on, no read comes through until the answer was sent: the server's refusal is the first that tells. Judged when
      // the server has answered, so that a read under way while the facts change is held back like a later one.
      let changed = false;
      let answered = false;
      page.on('request', (each) => void (answered ||= each.url().endsWith('/reviews')));
      await page.route('**/api/access-requests?**', async (route) => {
        const response = await route.fetch();
        await (changed && !answered ? route.abort() : route.fulfill({ response }));
      });
      await page.goto(`${stub.url}/inbox`);
      await page.getByText('prod-db.internal:5432').waitFor();
      const request = stub.world.requests[0]!;
      changed = true;
      changeFacts(stub.world, request.id, 'other-db.internal');
      await page.getByRole('button', { name: /^Approve for/ }).click();
      await page.getByText('has changed since you read it').waitFor();
      await page.getByText('other-db.internal:5432').waitFor();
      expect(request.state).toBe('pending');
      expect(await page.getByRole('button', { name: /^Approve for/ }).getAttribute('aria-disabled')).toBe(
        'true',
      );
      await page.getByRole('button', { name: 'I have read it again' }).click();
      await page.getByRole('button', { name: /^Approve for/ }).click();
      await page.getByText(/^Approved prod-rds/).waitFor();
      expect(request.state).toBe('approved');
      // A read under way must not fail with the page.
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      await context.close();
    });

    it('shows what a requester typed as text, and never lets it pose as anything else', async () => {
      const reason = '<img src=x onerror="document.title=1"> \u202egnidaelsim <b>approved by admin</b>';
      pendingRequest(stub.world, people.engineer, { resource: 'prod-web', durationSeconds: 900, reason });
      const { context, page, complaints } = await signedIn('approver');
      await page.goto(`${stub.url}/inbox`);
      const quote = page.getByRole('article').locator('blockquote');
      await quote.waitFor();
      expect(await quote.textContent()).toBe(reason.replace('\u202e', ''));
      expect(await quote.locator('*').count()).toBe(0);
      expect(complaints).toEqual([]);
      await context.close();
    });

    it('denies only with a comment, which the requester reads', async () => {
      const { context, page } = await signedIn('approver');
      await page.goto(`${stub.url}/inbox`);
      await page.getByText('Approve shorter').waitFor();
      await page.keyboard.press('d');
      await page.keyboard.press('Enter');
      await page.getByText('A denial wants a comment.').waitFor();
      await page.keyboard.type('Please use staging.');
      await page.keyboard.press('Enter');
      await page.getByText('Denied prod-rds for Elif Aydin').waitFor();
      const engineer = await signedIn('engineer');
      await engineer.page.goto(`${stub.url}/access`);
      await engineer.page.getByText('“Please use staging.”').waitFor();
      await engineer.context.close();
      await context.close();
    });

    it('cuts somebody off after the name was typed, saying how many sessions end', async () => {
      const { context, page } = await signedIn('admin');
      await page.goto(`${stub.url}/sessions`);
      await page.getByRole('button', { name: /^Cut/ }).first().click();
      const cut = page.getByRole('button', { name: 'Cut: ends 2 live sessions' });
      expect(await cut.getAttribute('aria-disabled')).toBe('true');
      await page.getByLabel('Why?').fill('laptop stolen');
      await page.getByLabel('Type prod-web to confirm').fill('prod-web');
      await page.keyboard.press('Enter');
      await page.getByText('Nobody is connected').waitFor();
      expect(stub.world.grants.find(({ resource }) => resource.name === 'prod-web')).toMatchObject({
        state: 'ended',
        endReason: 'revoked',
        endComment: 'laptop stolen',
      });
      await context.close();
    });

    it('offers no cut to those who may not', async () => {
      const { context, page } = await signedIn('auditor');
      await page.goto(`${stub.url}/sessions`);
      await page.getByText('Open grants').waitFor();
      expect(await page.getByRole('button', { name: /^(Cut|End)/ }).count()).toBe(0);
      await context.close();
    });

    it('keeps the audit filters in the URL, and takes them from it', async () => {
      const { context, page } = await signedIn('auditor');
      await page.goto(`${stub.url}/audit?resource=prod-rds&type=grant.ended`);
      await page.getByText('revoked prod-rds of engineer@example.com').waitFor();
      expect(await page.getByText('connected to prod-web').count()).toBe(0);
      await page.getByRole('button', { name: 'Remove the filter Event' }).click();
      await page.getByText('asked for prod-rds').waitFor();
      expect(new URL(page.url()).search).toBe('?resource=prod-rds');
      await page.getByRole('button', { name: 'Person' }).click();
      await page.keyboard.type('approver@example.com');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/audit?person=approver%40example.com&resource=prod-rds');
      await page.getByText('denied prod-rds to outsider').waitFor();
      await context.close();
    });

    it('comes back by itself when the live channel was cut, and says so meanwhile', async () => {
      const { context, page } = await signedIn('engineer');
      await page.getByText('Live', { exact: true }).waitFor();
      stub.dropLive();
      await page.getByText('Reconnecting').waitFor();
      await page.getByText('Live', { exact: true }).waitFor();
      await context.close();
    });

    it('says what is wrong with a sign-in, and then goes where the person wanted to go', async () => {
      const { context, page } = await openPage(browser);
      await page.goto(`${stub.url}/audit?resource=prod-rds`);
      await page.getByLabel('Email').fill('auditor@example.com');
      await page.getByLabel('Password').fill('wrong');
      await page.keyboard.press('Enter');
      await page.getByText('CREDENTIALS_INVALID').waitFor();
      await page.getByLabel('Password').fill('door-auditor');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/audit?resource=prod-rds');
      await page.getByText('revoked prod-rds of engineer@example.com').waitFor();
      await context.close();
    });
  },
);
