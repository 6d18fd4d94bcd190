/**
 * Takes the images of the documentation: `node --conditions=development apps/web/test/take-images.ts [NAME...]` after a
 * build. Over the stand-in, so that names and times are always the same ones.
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { launchBrowser, openPage, signInAs } from './browser.ts';
import { startStubApi } from './stub-api.ts';

const folder = fileURLToPath(new URL('../../../docs/images', import.meta.url));
const phone = { width: 390, height: 844 };

interface Picture {
  name: string;
  account: string;
  path: string;
  ready: string;
  colorScheme: 'light' | 'dark';
  viewport?: { width: number; height: number };
}

const pictures: readonly Picture[] = [
  {
    name: 'inbox-light',
    account: 'approver',
    path: '/inbox',
    ready: 'Approve shorter',
    colorScheme: 'light',
  },
  { name: 'inbox-dark', account: 'approver', path: '/inbox', ready: 'Approve shorter', colorScheme: 'dark' },
  { name: 'resources-light', account: 'engineer', path: '/', ready: 'prod-vpc', colorScheme: 'light' },
  { name: 'access-dark', account: 'engineer', path: '/access', ready: 'Return now', colorScheme: 'dark' },
  { name: 'sessions-light', account: 'admin', path: '/sessions', ready: 'Open grants', colorScheme: 'light' },
  {
    name: 'audit-dark',
    account: 'auditor',
    path: '/audit',
    ready: 'laptop reported lost',
    colorScheme: 'dark',
  },
  {
    name: 'access-phone',
    account: 'engineer',
    path: '/access',
    ready: 'Return now',
    colorScheme: 'light',
    viewport: phone,
  },
];

/** Until nothing moves and the live channel is open. */
async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.waitForFunction(() => document.getAnimations().every((each) => each.playState === 'finished'));
}

mkdirSync(folder, { recursive: true });
const wanted = process.argv.slice(2);
const stub = await startStubApi();
const browser = await launchBrowser();
for (const { name, account, path, ready, ...options } of pictures) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { context, page } = await openPage(browser, { ...options, reducedMotion: 'reduce' });
  await signInAs(page, stub.url, account);
  await page.goto(stub.url + path);
  await page.getByText(ready).locator('visible=true').first().waitFor();
  await settled(page);
  await page.screenshot({ path: `${folder}/${name}.png` });
  await context.close();
}
await browser.close();
await stub.close();
