import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { repository } from '../tools/start/installation.ts';
import { find } from '../tools/test/programs.ts';
import { grantOf } from './harness/person.ts';
import { Product } from './harness/product.ts';
import { Terminal } from './harness/terminal.ts';
import { Laptop, type Run } from './harness/tunnel.ts';

/** Shells and commands as a person has them: the whole product, a real pseudo-terminal, real programs on the far side. */
const missing = (['script', 'less', 'ssh', 'sshd'] as const).filter((program) => find(program) === undefined);

describe.skipIf(missing.length > 0 && process.env.CI !== 'true')(
  `shells and commands (needs script, less, ssh and sshd${missing.length > 0 ? `; missing: ${missing.join(', ')}` : ''})`,
  { timeout: 120_000 },
  () => {
    let product: Product;
    let laptop: Laptop;
    let grantId: string;
    const terminals: Terminal[] = [];

    beforeAll(async () => {
      product = await Product.start();
      laptop = await Laptop.signedIn(product, 'engineer');
      grantId = await grantOf(product.as('engineer'), product.as('approver'), 'web-1-shell', 1800);
    }, 120_000);
    afterEach(async () => {
      for (const { run } of terminals.splice(0)) {
        run.child.kill('SIGKILL');
        await run.code;
      }
    });
    afterAll(async () => {
      await laptop?.remove();
      await product?.remove();
    });

    async function shell(): Promise<Terminal> {
      const terminal = new Terminal(laptop, ['shell', 'web-1-shell']);
      terminals.push(terminal);
      // A prompt, and nothing after it.
      await terminal.shows(/\$ \n$/);
      return terminal;
    }
    async function cutByAdministrator(): Promise<void> {
      const { items } = (await product.as('admin').get('/sessions?view=all&state=live')).body as {
        items: { id: string; resource: { name: string } }[];
      };
      const session = items.find(({ resource }) => resource.name === 'web-1-shell');
      const ended = await product.as('admin').post(`/sessions/${session?.id}/terminate`, { reason: 'drill' });
      expect(ended.status).toBeLessThan(300);
    }
    const exec = (...words: string[]): Run => laptop.tunnel(['exec', 'web-1-shell', '--', ...words]);
    const done = async (run: Run) => ({ code: await run.code, out: run.stdout, err: run.stderr });

    it('e3 a shell in a terminal: Run As, size, resize, UTF-8, Ctrl-C, Ctrl-D, and the terminal as it was', async () => {
      const terminal = await shell();
      terminal.type('echo "as $USER"; stty size\r');
      await terminal.shows(/as web-ops\r\n30 100\r\n/);
      terminal.resize(80, 24);
      // The new size and what is typed go their own ways: it is waited for on the far side.
      terminal.type('until [ "$(stty size)" = "24 80" ]; do sleep 0.1; done; stty size\r');
      await terminal.shows(/24 80\r\n/);
      terminal.type("printf '%s-%s\\n' grüße 日本\r");
      await terminal.shows(/(?:\n|\$ )grüße-日本\r\n/);
      terminal.type('sleep 1000; echo "status $?"\r');
      await terminal.shows(/sleep 1000; [^]*\n/);
      terminal.type('\u0003');
      await terminal.shows(/\^C/);
      terminal.type('echo still here\r');
      await terminal.shows(/(?:\n|\$ )still here\r\n/);
      terminal.type('\u0004');
      expect(await terminal.ended()).toBe(0);
      // Lines are edited and echoed again, and Ctrl-C is a signal again.
      expect(terminal.screen.slice(terminal.screen.lastIndexOf('ended 0'))).toMatch(
        /\nopost [^]*\nisig icanon [^]* echo /,
      );
    });

    it('lets a full-screen program draw, and takes back the screen when it ends', async () => {
      const terminal = await shell();
      terminal.type('seq 1 500 | TERM=xterm less -+F\r');
      await terminal.shows('\u001b[?1049h');
      terminal.type('G');
      await terminal.shows(/\n500\r?/);
      terminal.type('q');
      await terminal.shows('\u001b[?1049l');
      terminal.type('exit\r');
      expect(await terminal.ended()).toBe(0);
    });

    it('is left by Enter, tilde, dot, with its session ended at AWS', async () => {
      const terminal = await shell();
      terminal.type('sleep 1000\r');
      await terminal.shows(/sleep 1000\r\n/);
      terminal.type('\r~.');
      expect(await terminal.ended()).toBe(0);
      const { eventName } = product.cloudTrail().findLast((call) => call.eventName.endsWith('Session')) ?? {};
      expect(eventName).toBe('TerminateSession');
    });

    it('runs what is piped into it, also a last line without an end, and ends with the pipe', async () => {
      const run = laptop.tunnel(['shell', 'web-1-shell'], 'echo "sum $((40 + 2))"');
      expect(await done(run)).toMatchObject({
        code: 0,
        out: expect.stringMatching(/\$ sum 42\r\n/) as unknown,
      });
    });

    it('runs a command: streams apart, its words as written, its exit status passed on', async () => {
      const words = [
        'sh',
        '-c',
        'printf "%s|" "$@"; echo trouble >&2; exit 7',
        '-',
        'two  words',
        "it's",
        '$HOME',
        '日本',
      ];
      expect(await done(exec(...words))).toEqual({
        code: 7,
        out: "two  words|it's|$HOME|日本|",
        err: 'trouble\n',
      });
      expect(await done(exec('true'))).toEqual({ code: 0, out: '', err: '' });
    });

    it('gives one word with a blank to the shell of the far side, as ssh does', async () => {
      const line = 'cd / && pwd | tr -d "\\n"; echo "as $(id -un)" >&2; exit 7';
      const expected = {
        code: 7,
        out: '/',
        err: `as ${process.getuid?.() === 0 ? 'web-ops' : userInfo().username}\n`,
      };
      expect(await done(exec(line))).toEqual(expected);
    });

    it('carries a megabyte of output unharmed', async () => {
      const { code, out } = await done(exec('seq', '1', '150000'));
      expect(code).toBe(0);
      expect(out).toBe(Array.from({ length: 150_000 }, (_, index) => `${index + 1}\n`).join(''));
    });

    it('ends when whoever reads its output has left, and its session with it', async () => {
      const tunnel = `'${process.execPath}' '${join(repository, 'apps/cli/bin/run.js')}'`;
      const line = `set -o pipefail; ${tunnel} exec web-1-shell -- yes | head -1`;
      expect(await done(laptop.run('bash', ['-c', line]))).toMatchObject({ code: 141, out: 'y\n' });
      const { eventName } = product.cloudTrail().findLast((call) => call.eventName.endsWith('Session')) ?? {};
      expect(eventName).toBe('TerminateSession');
    });

    it('does not call a command done whose session was ended under it', async () => {
      const run = exec('sh', '-c', 'echo begun; sleep 1000');
      await run.until('begun');
      await cutByAdministrator();
      expect(await run.code).not.toBe(0);
    });

    it('ends a shell that an administrator cuts with 12 and the reason, and gives the terminal back', async () => {
      const terminal = await shell();
      await cutByAdministrator();
      expect(await terminal.ended()).toBe(12);
      expect(terminal.screen).toMatch(/cut by an administrator: "drill"/);
      expect(terminal.screen.slice(terminal.screen.lastIndexOf('ended 12'))).toMatch(
        /\nisig icanon [^]* echo /,
      );
    });

    it.skipIf(process.getuid?.() !== 0)(
      'b1 signs in to the host of the catalogue by tunnel ssh, as the user of the grant (needs root)',
      async () => {
        await grantOf(product.as('engineer'), product.as('approver'), 'web-1', 1800);
        const run = laptop.tunnel(['ssh', 'web-1', '--', 'id -un; hostname; exit 7']);
        expect(await done(run)).toMatchObject({ code: 7, out: 'web-ops\nweb-1\n' });
      },
    );

    it('doctor tries a shell as a shell', async () => {
      const doctor = laptop.tunnel(['doctor', 'web-1-shell', '--json']);
      await doctor.code;
      const { items } = JSON.parse(doctor.stdout) as {
        items: { id: string; state: string; detail: string }[];
      };
      expect(items.find(({ id }) => id === 'session')).toMatchObject({
        ...{ state: 'passed', detail: expect.stringMatching(/^opened and closed in/) as string },
      });
    });

    it('refuses what is no shell, and a command without words, before anything is asked for', async () => {
      const noShell = laptop.tunnel(['shell', 'prod-rds', '--json']);
      expect(await noShell.code).toBe(5);
      expect(noShell.stderr + noShell.stdout).toContain('RESOURCE_USED_OTHERWISE');
      const noWords = laptop.tunnel(['exec', 'web-1-shell', '--json']);
      expect(await noWords.code).toBe(2);
      expect(noWords.stderr + noWords.stdout).toContain('SESSION_COMMAND_MISSING');
    });

    it('ends with its grant: exit code 12, the reason, and a terminal that works', async () => {
      const terminal = await shell();
      await product.as('admin').post(`/grants/${grantId}/revoke`, { reason: 'enough for today' });
      expect(await terminal.ended()).toBe(12);
      expect(terminal.screen).toContain('enough for today');
      expect(terminal.screen.slice(terminal.screen.lastIndexOf('ended 12'))).toContain(' icanon ');
    });
  },
);
