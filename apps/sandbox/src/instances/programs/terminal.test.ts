import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemEffects } from '@sallyport/effects/system';
import { expect, it, onTestFinished } from 'vitest';
import { openTerminal } from './terminal.ts';

const typed = 300_000;

/** Reads nothing until a file is there, gives up waiting after ten seconds, and then tells which it was and counts what was typed. */
const slowReader = `
exec <>"$0" >&0 2>&1; stty raw -echo; echo ready
i=0; while [ ! -e "$1" ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done
if [ -e "$1" ]; then echo asked; else echo alone; fi
head -c ${typed} | wc -c; echo all`;

it('lets everybody else go on while its program does not read what is typed, and loses none of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'terminal-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const asks = join(folder, 'asks');
  const drained = Promise.withResolvers<void>();
  const terminal = openTerminal(
    undefined,
    { cols: 80, rows: 24 },
    { timers: systemEffects().timers, drained: drained.resolve },
  );
  const program = spawn('/bin/sh', ['-c', slowReader, terminal.path, asks], {
    detached: true,
    stdio: 'ignore',
  });
  onTestFinished(() => {
    program.kill('SIGKILL');
    terminal.close();
  });
  let shown = '';
  terminal.stream.on('data', (bytes: Buffer) => (shown += bytes.toString()));
  terminal.stream.on('error', () => undefined);
  await expect.poll(() => shown, { timeout: 30_000 }).toContain('ready');
  expect(terminal.write(Buffer.alloc(typed, 'x'))).toBe(false);
  writeFileSync(asks, '');
  const exited = once(program, 'exit');
  await drained.promise;
  await exited;
  await expect.poll(() => shown, { timeout: 30_000 }).toContain('all');
  expect(shown).toMatch(new RegExp(`asked\\s+${typed}\\s+all`, 'u'));
}, 60_000);

it('takes nothing more and waits for nobody once it is closed', () => {
  const terminal = openTerminal(
    undefined,
    { cols: 80, rows: 24 },
    { timers: systemEffects().timers, drained: () => expect.unreachable() },
  );
  expect(terminal.write(Buffer.alloc(typed, 'x'))).toBe(false);
  terminal.close();
  expect(terminal.write(Buffer.from('late'))).toBe(true);
});
