import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../../tools/start/installation.ts';
import { Run, type Laptop } from './tunnel.ts';

let terminals = 0;
/** Generous: machines are shared. A test that waits for what does not come says what stands there instead. */
const showsWithinMs = 60_000;

const tunnel = [process.execPath, join(repository, 'apps/cli/bin/run.js')];

/** The `tunnel` command (or another program) in a real pseudo-terminal of util-linux's `script`, with somebody who types. */
export class Terminal {
  readonly run: Run;
  readonly #name: string;

  /** Starts it, 100 by 30. What the terminal is like once the command has ended is told after `ended CODE`. */
  constructor(laptop: Laptop, args: readonly string[], program: readonly string[] = tunnel) {
    terminals += 1;
    this.#name = join(laptop.home, `terminal-${terminals}`);
    const words = [...program, ...args];
    const command = words.map((word) => `'${word}'`).join(' ');
    const line = `tty > '${this.#name}'; stty rows 30 cols 100; ${command}; echo "ended $?"; stty -a`;
    const child = spawn('script', ['-qec', line, '/dev/null'], { env: laptop.env, cwd: laptop.home });
    this.run = new Run(child);
  }

  /** Everything on the screen so far. */
  get screen(): string {
    return this.run.stdout;
  }

  type(text: string): void {
    this.run.child.stdin.write(text);
  }

  /** Resolves when the text or pattern has come. */
  async shows(what: string | RegExp): Promise<void> {
    let late: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      late = setTimeout(
        () => reject(new Error(`${String(what)} does not come after:\n${JSON.stringify(this.screen)}`)),
        showsWithinMs,
      );
    });
    await Promise.race([this.run.until(what), patience]).finally(() => clearTimeout(late));
  }

  /** As a person who drags the corner of the window. */
  resize(cols: number, rows: number): void {
    if (!existsSync(this.#name)) throw new Error('the terminal has not begun');
    const device = readFileSync(this.#name, 'utf8').trim();
    execFileSync('stty', ['-F', device, 'rows', String(rows), 'cols', String(cols)]);
  }

  /** The exit code of the command. */
  async ended(): Promise<number> {
    await this.shows(/ended \d+\r?\n[^]*-?echo/);
    return Number(/ended (\d+)/.exec(this.screen)?.[1]);
  }
}
