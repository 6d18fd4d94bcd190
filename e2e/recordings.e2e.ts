import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { repository } from '../tools/start/installation.ts';
import { find } from '../tools/test/programs.ts';
import { hasChromium, launch, signIn } from './harness/browser.ts';
import { grantOf } from './harness/person.ts';
import { Product } from './harness/product.ts';
import { eventsOf, screenAt } from './harness/terminal-screens.ts';
import { Terminal } from './harness/terminal.ts';
import { Laptop, type Run } from './harness/tunnel.ts';

/** Recorded sessions from the terminal of the engineer to that of the auditor: the whole product, real programs, a real pseudo-terminal. */
const missing = (['script', 'less', 'age'] as const).filter((program) => find(program) === undefined);
const canary = 'PGPASSWORD=correct-horse-battery';
/** A shell that has not yet taken its prompt back says it on the same line. */
const shownBlind = /(?:\n|\$ )blind\r\n/;

interface Stored {
  readonly id: string;
  readonly complete: boolean;
  readonly bytes: number;
  readonly sessionId: string;
}

describe.skipIf(missing.length > 0 && process.env.CI !== 'true')(
  `recorded sessions (needs script, less and age${missing.length > 0 ? `; missing: ${missing.join(', ')}` : ''})`,
  { timeout: 120_000 },
  () => {
    let product: Product;
    let laptop: Laptop;
    let auditor: Laptop;
    let keyFile: string;
    const terminals: Terminal[] = [];
    /** Recordings that a test has looked at. */
    const seen = new Set<string>();
    /** The first: where it is stored, what it holds, and what came to the person's terminal. */
    let whole: { readonly stored: Stored; readonly cast: string; readonly written: Buffer };

    beforeAll(async () => {
      product = await Product.start();
      keyFile = product.installation.auditorsKeyFile ?? '';
      [laptop, auditor] = await Promise.all([
        Laptop.signedIn(product, 'engineer', { NO_COLOR: '1' }),
        Laptop.signedIn(product, 'auditor'),
        grantOf(product.as('engineer'), product.as('approver'), 'audited-shell', 1800),
      ]);
    }, 120_000);
    afterEach(async () => {
      for (const { run } of terminals.splice(0)) {
        run.child.kill('SIGKILL');
        await run.code;
      }
    });
    afterAll(async () => {
      await laptop?.remove();
      await auditor?.remove();
      await product?.remove();
    });

    const exec = (...words: string[]): Run => laptop.tunnel(['exec', 'audited-shell', '--', ...words]);
    const spool = () => join(laptop.home, 'state/sallyport/recordings');
    const spooled = () => {
      try {
        return readdirSync(spool());
      } catch {
        return [];
      }
    };

    /** The one recording that has come since the last look. */
    async function newest(): Promise<Stored> {
      const run = auditor.tunnel(['recording', 'list', '--json']);
      expect(await run.code, run.stderr).toBe(0);
      const { items } = JSON.parse(run.stdout) as { items: Stored[] };
      const fresh = items.filter(({ id }) => !seen.has(id));
      for (const { id } of fresh) seen.add(id);
      expect(fresh).toHaveLength(1);
      return fresh[0]!;
    }

    /** Fetches a recording as the auditor; its path. */
    async function fetched({ id }: Stored): Promise<string> {
      const run = auditor.tunnel(['recording', 'get', id]);
      expect(await run.code, run.stderr).toBe(0);
      return run.stdout.trim();
    }

    /** What the replay writes, byte for byte, and says. */
    async function replayed(file: string): Promise<{ bytes: Buffer; says: string }> {
      const run = auditor.tunnel(['recording', 'play', file, '--identity', keyFile]);
      const pieces: Buffer[] = [];
      run.child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
      expect(await run.code, run.stderr).toBe(0);
      return { bytes: Buffer.concat(pieces), says: run.stderr };
    }

    /** Files below a folder that hold one of the texts. */
    function holding(folder: string, ...texts: string[]): string[] {
      return (readdirSync(folder, { recursive: true }) as string[])
        .map((name) => join(folder, name))
        .filter((path) => lstatSync(path).isFile())
        .filter((path) => texts.some((text) => readFileSync(path, 'latin1').includes(text)));
    }

    it('a replayed recording equals what was shown: resize, a character in two pieces, a full-screen program', async () => {
      const terminal = new Terminal(laptop, ['shell', 'audited-shell']);
      terminals.push(terminal);
      const pieces: Buffer[] = [];
      terminal.run.child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
      await terminal.shows('recorded for the auditors');
      await terminal.shows(/\$ \n$/);
      terminal.type("printf '\\346\\227'; sleep 0.5; printf '\\245\\377|\\n'\r");
      await terminal.shows(/\|\r\n/);
      terminal.resize(80, 24);
      terminal.type('until [ "$(stty size)" = "24 80" ]; do sleep 0.1; done; stty size\r');
      await terminal.shows(/24 80\r\n/);
      // The last line is a while in coming, so that there is a moment at which the screen is full and it is not there.
      terminal.type('{ seq 1 499; sleep 0.7; echo 500; } | TERM=xterm less -+F\r');
      await terminal.shows('\u001b[?1049h');
      terminal.type('G');
      await terminal.shows(/\n500\r?/);
      terminal.type('q');
      await terminal.shows('\u001b[?1049l');
      terminal.type('stty -echo; echo blind; read -r secret; stty echo\r');
      await terminal.shows(shownBlind);
      terminal.type(`${canary}\r`);
      terminal.type('echo "$secret" | tr a-z A-Z\r');
      await terminal.shows(/CORRECT-HORSE/);
      // Neither what was shown nor a key lies anywhere while it runs; the look finds what is there.
      const home = holding(laptop.home, canary, canary.toUpperCase(), 'AGE-SECRET-KEY');
      expect(home).toEqual([]);
      expect(holding(laptop.home, product.as('engineer').account.token)).not.toEqual([]);
      for (const name of spooled()) expect(statSync(join(spool(), name)).mode & 0o777, name).toBe(0o600);
      terminal.type('exit\r');
      expect(await terminal.ended()).toBe(0);

      const stored = await newest();
      const file = await fetched(stored);
      const { bytes, says } = await replayed(file);
      expect(says).toMatch(/The recording ends here/);
      // As Latin-1, each byte is a character. While it was slow to open, that was told and taken back.
      const shown = Buffer.concat(pieces).toString('latin1');
      const [, all = ''] = /as it is shown\.\r\n([^]*)\u00e2\u009c\u0093 recording handed/.exec(shown) ?? [];
      const program = all.replace(/^(opening [^\r]*)?\r\u001b\[K/, '');
      expect(program).toBe(bytes.toString('latin1'));
      expect(bytes.includes(Buffer.from([0xe6, 0x97, 0xa5, 0xff, 0x7c]))).toBe(true);
      // What was typed blind is in none of it.
      expect(bytes.includes(canary)).toBe(false);
      // Another program opens it too, with the size that changed in it.
      const cast = execFileSync('age', ['-d', '-i', keyFile, file], { encoding: 'utf8' });
      expect(cast).toMatch(/^\{"version":2,"width":100,"height":30,/);
      expect(cast).toMatch(/\n\[[\d.]+, "r", "80x24"\]\n/);
      expect(cast).not.toMatch(/, "i", /);
      expect(spooled()).toEqual([]);
      whole = { stored, cast, written: Buffer.from(program, 'latin1') };
    });

    describe.skipIf(!hasChromium && process.env.CI !== 'true')('in the dashboard (needs chromium)', () => {
      let browser: Browser;
      let page: Page;
      let errors: string[];
      beforeAll(async () => {
        browser = await launch();
        ({ page, errors } = await signIn(browser, product, 'auditor'));
      }, 120_000);
      afterAll(async () => {
        await browser?.close();
      });

      async function open(): Promise<void> {
        await page.goto(`${product.apiUrl}/recordings?recording=${whole.stored.id}`);
        await page.getByLabel('Identity file').setInputFiles(keyFile);
      }
      /** The lines of the screen, blank ones included. */
      const lines = async () =>
        (await page.locator('.terminal-line').allTextContents()).map((line) => line.trimEnd());
      const place = () => page.getByRole('slider', { name: 'Place in the recording' });

      it('the auditor sees what the terminal was shown, at its end and at moments on the way', async () => {
        await open();
        await place().waitFor();
        await page.getByLabel('Cut pauses to 2 s').uncheck();
        const events = eventsOf(whole.cast);
        const timeOf = (text: RegExp) => {
          let sofar = '';
          const found = events.find((event) => text.test((sofar += event.text)));
          expect(found, `${text.source} in ${JSON.stringify(sofar)}`).toBeDefined();
          return found!.atMs;
        };
        const moments = [
          // The first piece of a character stands alone for a while, and the full screen without its last line.
          ...[timeOf(/245.377/) + 200, timeOf(/\n24 80/), timeOf(/\u001b\[\?1049h/) + 200],
          ...[timeOf(shownBlind), events.at(-1)!.atMs],
        ];
        const screens: string[] = [];
        for (const moment of moments) {
          // The slider has steps of a tenth of a second.
          const atMs = Math.ceil(moment / 100) * 100;
          await place().fill(String(atMs));
          const screen = await screenAt(whole.written, events, atMs);
          await expect.poll(lines).toEqual(screen);
          screens.push(screen.join('\n'));
        }
        // What was compared was something. Moments may lie within one step of the slider.
        expect(screens[0]).toMatch(/\$ printf/);
        expect(screens[0]).not.toContain('日');
        expect(screens[2]).toMatch(/^1\n2\n/);
        expect(screens[2]).not.toContain('stty size');
        expect(screens.at(-1)).toMatch(/^日.*\|$/m);
        expect(screens.at(-1)).toMatch(/^24 80$/m);
        expect(screens.at(-1)).toContain(canary.toUpperCase().slice(canary.indexOf('=') + 1));
        expect(screens.at(-1)).toMatch(/\$ exit$/m);
        expect(errors).toEqual([]);
      });

      it('a changed byte is found, wherever it is', async () => {
        const body = `**/api/recordings/${whole.stored.id}/body`;
        for (const from of [5, 60, -40]) {
          await page.route(body, async (route) => {
            const answer = await route.fetch();
            const bytes = await answer.body();
            const at = from < 0 ? bytes.length + from : from;
            bytes[at]! ^= 1;
            await route.fulfill({ response: answer, body: bytes });
          });
          await open();
          await page.getByText('RECORDING_DAMAGED').waitFor();
          await page.unroute(body);
        }
      });
    });

    it('a command is recorded too, in both its streams, and leaves its own output alone', async () => {
      const run = exec('sh', '-c', 'echo out; echo trouble >&2; exit 7');
      expect({ code: await run.code, out: run.stdout }).toEqual({ code: 7, out: 'out\n' });
      expect(run.stderr).toMatch(/^This session is recorded[^\n]*\ntrouble\n✓ recording handed over/);
      const { bytes } = await replayed(await fetched(await newest()));
      expect(bytes.toString().split('\n').sort()).toEqual(['', 'out', 'trouble']);
    });

    it('a killed process leaves it encrypted, and the next command hands it over as cut', async () => {
      const run = exec('sh', '-c', `echo ${canary}; sleep 1000`);
      await run.until(canary);
      await expect.poll(spooled).toContainEqual(expect.stringMatching(/\.0\.tail$/));
      run.child.kill('SIGKILL');
      await run.code;
      expect(holding(laptop.home, canary)).toEqual([]);
      const next = laptop.tunnel(['ls']);
      expect(await next.code).toBe(0);
      expect(next.stderr).toMatch(
        /handed over the recording of an earlier session: audited-shell, .*, without its end/,
      );
      const stored = await newest();
      expect(stored.complete).toBe(false);
      const { bytes, says } = await replayed(await fetched(stored));
      expect(bytes.toString()).toBe(`${canary}\n`);
      expect(says).toMatch(/its end is missing/);
      expect(spooled()).toEqual([]);
    });

    it('a session whose recording cannot be written ends, with its code, and is ended at AWS', async () => {
      const tunnel = `'${process.execPath}' '${join(repository, 'apps/cli/bin/run.js')}'`;
      // No file may grow beyond 128 kB.
      const run = laptop.run('bash', [
        '-c',
        `ulimit -f 128; exec ${tunnel} exec audited-shell -- sh -c 'seq 1 100000; sleep 1000'`,
      ]);
      expect(await run.code, run.stderr).toBe(11);
      expect(run.stderr).toMatch(/RECORDING_NOT_WRITTEN/);
      const { eventName } = product.cloudTrail().findLast((call) => call.eventName.endsWith('Session')) ?? {};
      expect(eventName).toBe('TerminateSession');
      expect((await newest()).complete).toBe(false);
    });

    it('is for auditors: the engineer sees none, and cannot take the credentials past the recording', async () => {
      const refused = async (...words: string[]) => {
        const run = laptop.tunnel([...words, '--json']);
        await run.code;
        return (JSON.parse(run.stdout) as { error: { code: string } }).error.code;
      };
      expect(await refused('recording', 'list')).toBe('ROLE_MISSING');
      expect(await refused('recording', 'get', [...seen][0] ?? '')).toBe('ROLE_MISSING');
      expect(await refused('creds', 'audited-shell')).toBe('SESSION_RECORDING_UNAVAILABLE');
    });
  },
);
