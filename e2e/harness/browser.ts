import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import type { PersonName, Product } from './product.ts';

const executablePath = '/usr/bin/chromium';
export const hasChromium = existsSync(executablePath);

/** Debian's Chromium, without the calls home that a closed network would refuse. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      ...[
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
      ],
      ...['--disable-component-update', '--disable-sync'],
    ],
  });
}

/** A browser profile of its own, in which the person has signed in by the form. Console errors end up in `errors`. */
export async function signIn(
  browser: Browser,
  product: Product,
  name: PersonName,
): Promise<{ page: Page; context: BrowserContext; errors: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  const { email, password } = product.as(name).account;
  await page.goto(product.apiUrl);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
  // The first question of a stranger, "who am I?", is answered 401, which the console reports.
  errors.length = 0;
  await page.getByRole('button', { name: /sign in/i }).click();
  await page.getByRole('navigation', { name: 'Places' }).first().waitFor();
  return { page, context, errors };
}
