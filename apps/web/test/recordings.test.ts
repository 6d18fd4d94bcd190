import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { generateKey } from '@sallyport/recording';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chromiumPath, hasChromium, launchBrowser, openPage, signInAs } from './browser.ts';
import { startStubApi, webRoot, type StubApi } from './stub-api.ts';
import { addRecording, cutSession, sealedSession } from './stub/recordings.ts';
import { busyDay } from './stub/scenario.ts';

describe.skipIf(!hasChromium)(`recordings in Chromium (needs ${chromiumPath})`, { timeout: 120_000 }, () => {
  let browser: Browser;
  let stub: StubApi;
  let folder: string;
  let key: { recipient: string; identity: string };
  let whole: Uint8Array;
  let signedIn: Awaited<ReturnType<BrowserContext['storageState']>>;

  beforeAll(async () => {
    if (!existsSync(join(webRoot, 'recordings.html')))
      execFileSync('npx', ['nx', 'build', '@sallyport/web'], {
        ...{ cwd: join(webRoot, '..'), stdio: 'inherit', timeout: 280_000 },
      });
    folder = await mkdtemp(join(tmpdir(), 'sallyport-replay-'));
    key = await generateKey();
    whole = await sealedSession(key.recipient);
    stub = await startStubApi();
    browser = await launchBrowser();
    const { context, page } = await openPage(browser);
    await signInAs(page, stub.url, 'auditor');
    signedIn = await context.storageState();
    await context.close();
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await stub?.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    stub.world = busyDay();
  });

  /** A browser of the auditor, who has signed in. */
  const auditor = (options: Parameters<typeof openPage>[1] = {}) =>
    openPage(browser, { storageState: signedIn, ...options });

  async function findings(page: Page): Promise<string[]> {
    const { violations } = await new AxeBuilder({ page }).analyze();
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
  }

  const screen = (page: Page) => page.getByRole('region', { name: 'What the terminal showed' });
  const place = (page: Page) => page.getByRole('slider', { name: 'Place in the recording' });

  async function open(page: Page, id: string, identity = key.identity): Promise<void> {
    await page.goto(`${stub.url}/recordings?recording=${id}`);
    await page.getByLabel("Auditors' private key").fill(identity);
    await page.getByRole('button', { name: 'Open', exact: true }).click();
  }

  it.each(['light', 'dark'] as const)(
    'shows again what was shown, at any moment, by mouse and keyboard, in %s',
    async (colorScheme) => {
      const { recording } = addRecording(stub.world, whole);
      const { context, page, complaints } = await auditor({ colorScheme });
      await page.goto(`${stub.url}/`);
      await page.getByRole('link', { name: 'Recordings' }).locator('visible=true').click();
      await page.getByText('Complete').waitFor();
      expect(await findings(page)).toEqual([]);
      await page.getByRole('list', { name: 'Recordings' }).getByRole('link').click();
      await page.getByText(recording.sha256).waitFor();
      await page.getByLabel("Auditors' private key").fill(`# of the auditors\n${key.identity}\n`);
      expect(await findings(page)).toEqual([]);
      await page.getByRole('button', { name: 'Open', exact: true }).click();
      await screen(page).waitFor();
      await page.keyboard.press('End');
      await screen(page).getByText('web.service is active again').waitFor();
      const lines = (await screen(page).innerText()).split('\n').map((line) => line.trimEnd());
      expect(lines.filter((line) => line !== '')).toEqual([
        'web-ops@web-1:~$ systemctl status web',
        '● web.service - Shop front',
        '     Loaded: loaded (/etc/systemd/system/web.service; enabled)',
        '     Active: failed (Result: exit-code) since 09:41:07; 3min ago',
        '     größte Wartezeit: 12 µs, Gerät 表示',
        'web-ops@web-1:~$ top',
        'web-ops@web-1:~$ sudo systemctl restart web',
        'web.service is active again',
        'web-ops@web-1:~$ exit',
      ]);
      // The pause of a minute is cut to two seconds, unless somebody wants it whole.
      expect(await place(page).getAttribute('aria-valuetext')).toBe('0:07 of 0:07');
      await page.getByLabel('Cut pauses to 2 s').uncheck();
      expect(await place(page).getAttribute('aria-valuetext')).toBe('1:05 of 1:05');
      await place(page).fill('3500');
      await screen(page).getByText('F1 Help').waitFor();
      expect(await screen(page).innerText()).not.toContain('systemctl');
      expect(await findings(page)).toEqual([]);
      await page.keyboard.press('Home');
      await screen(page).focus();
      await page.keyboard.press('Home');
      await page.getByLabel('Speed').selectOption('8');
      await page.keyboard.press('Tab');
      await screen(page).focus();
      await page.keyboard.press('Space');
      await page.getByRole('button', { name: 'Pause' }).waitFor();
      await page.getByRole('button', { name: 'Play' }).waitFor();
      await screen(page).getByText('web.service is active again').waitFor();
      expect(complaints).toEqual([]);
      await context.close();
    },
  );

  it('keeps the key in the page: no request, no address, no store of the browser has it', async () => {
    const { recording } = addRecording(stub.world, whole);
    const { context, page } = await auditor();
    const sent: string[] = [];
    page.on('request', (request) => {
      sent.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ''}`);
    });
    const identityFile = join(folder, 'auditors.key');
    await writeFile(identityFile, `# public key: ${key.recipient}\n${key.identity}\n`, { mode: 0o600 });
    await page.goto(`${stub.url}/recordings?recording=${recording.id}`);
    await page.getByLabel('Identity file').setInputFiles(identityFile);
    await screen(page).getByText('web-ops@web-1').waitFor();
    const kept = await page.evaluate(() =>
      JSON.stringify([
        { ...localStorage },
        { ...sessionStorage },
        ...[location.href, document.cookie, document.documentElement.outerHTML],
      ]),
    );
    expect(await page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
    const secret = key.identity.slice('AGE-SECRET-KEY-1'.length);
    expect(sent.some((request) => request.includes(`/api/recordings/${recording.id}/body`))).toBe(true);
    for (const text of [...sent, kept]) expect(text.toUpperCase()).not.toContain(secret);
    await context.close();
  });

  it('says that a key is the wrong one, or none, and opens with the right one then', async () => {
    const { recording } = addRecording(stub.world, whole);
    const { context, page } = await auditor();
    await open(page, recording.id, (await generateKey()).identity);
    await page.getByText('RECORDING_KEY_WRONG').waitFor();
    await page.getByLabel("Auditors' private key").fill('hunter2');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByText('RECORDING_IDENTITY_INVALID').waitFor();
    expect(await page.content()).not.toContain('hunter2');
    await page.getByLabel("Auditors' private key").fill(key.identity);
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await screen(page).waitFor();
    expect(await page.getByText('RECORDING_').count()).toBe(0);
    await context.close();
  });

  it('says that a recording was cut short, and shows what is there', async () => {
    const file = await cutSession(key.recipient);
    const { recording } = addRecording(stub.world, file, { complete: false, endedAt: null });
    const { context, page } = await auditor();
    await open(page, recording.id);
    await page.getByText('Cut short.').waitFor();
    await page.keyboard.press('End');
    await screen(page)
      .getByText(/^line \d+ of a log/)
      .first()
      .waitFor();
    await context.close();
  });

  it('says that a recording was changed, in its middle or by an exchange of the file', async () => {
    const changed = Uint8Array.from(whole);
    changed[changed.length - 40]! ^= 1;
    const { recording } = addRecording(stub.world, changed);
    const exchanged = addRecording(stub.world, whole, { sha256: 'a'.repeat(64) });
    const { context, page } = await auditor();
    await open(page, recording.id);
    await page.getByText(/RECORDING_(DAMAGED|UNREADABLE)/).waitFor();
    await open(page, exchanged.recording.id);
    await page.getByText('RECORDING_DAMAGED').waitFor();
    await page.getByText('Its SHA-256 is another than when it was stored.').waitFor();
    await context.close();
  });

  it('hands out the encrypted file as it is', async () => {
    const { recording } = addRecording(stub.world, whole);
    const { context, page } = await auditor({ acceptDownloads: true });
    await page.goto(`${stub.url}/recordings?recording=${recording.id}`);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download, encrypted' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`${recording.id}.cast.age`);
    const path = join(folder, 'download');
    await download.saveAs(path);
    expect((await readFile(path)).equals(Buffer.from(whole))).toBe(true);
    await context.close();
  });

  it('leads from a session to its recording, and fits a phone', async () => {
    addRecording(stub.world, await sealedSession(key.recipient));
    const { recording } = addRecording(stub.world, whole);
    const phone = { width: 390, height: 844 };
    const { context, page, complaints } = await auditor({ viewport: phone });
    await page.goto(`${stub.url}/sessions`);
    await page.getByText('Ended', { exact: true }).click();
    await page.getByRole('link', { name: 'Recorded' }).first().click();
    await page.waitForURL(`**/recordings?session=${recording.sessionId}`);
    const list = page.getByRole('list', { name: 'Recordings' }).getByRole('link');
    await list.first().waitFor();
    expect(await list.count()).toBe(1);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(phone.width);
    await open(page, recording.id);
    await screen(page).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(phone.width);
    expect(await findings(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('is no place for anybody else, who sees that a recording of theirs exists', async () => {
    addRecording(stub.world, whole);
    const { context, page } = await openPage(browser);
    await signInAs(page, stub.url, 'engineer');
    expect(await page.getByRole('link', { name: 'Recordings' }).count()).toBe(0);
    await page.goto(`${stub.url}/sessions`);
    await page.getByText('Ended', { exact: true }).click();
    await page.getByText('Recorded', { exact: true }).first().waitFor();
    expect(await page.getByRole('link', { name: 'Recorded' }).count()).toBe(0);
    await page.goto(`${stub.url}/recordings`);
    await page.getByText('Recordings are for auditors').waitFor();
    await context.close();
  });
});
