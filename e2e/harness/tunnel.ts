import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../../tools/start/installation.ts';
import type { Product, PersonName } from './product.ts';

/** One run of the `tunnel` command. */
export class Run {
  readonly child: ChildProcessWithoutNullStreams;
  stdout = '';
  stderr = '';
  /** Exit code; a signal is 128 and its number, as a shell tells it. */
  readonly code: Promise<number>;
  #watchers = new Set<() => void>();

  constructor(child: ChildProcessWithoutNullStreams) {
    this.child = child;
    child.stdout.on('data', (chunk: Buffer) => this.#take('stdout', chunk));
    child.stderr.on('data', (chunk: Buffer) => this.#take('stderr', chunk));
    this.code = once(child, 'close').then(([code, signal]) => {
      for (const watch of this.#watchers) watch();
      return (code as number | null) ?? 128 + (signal === 'SIGKILL' ? 9 : 15);
    });
  }
  #take(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    this[stream] += chunk.toString();
    for (const watch of this.#watchers) watch();
  }
  /** Resolves when the text or pattern stands in the output of either stream; rejects when the run ends without it. */
  until(what: string | RegExp): Promise<void> {
    const found = () => {
      const all = this.stdout + '\n' + this.stderr;
      return typeof what === 'string' ? all.includes(what) : what.test(all);
    };
    return new Promise((resolve, reject) => {
      const look = () => {
        if (found()) {
          this.#watchers.delete(look);
          resolve();
        } else if (this.child.exitCode !== null || this.child.signalCode !== null) {
          this.#watchers.delete(look);
          reject(new Error(`ended without ${String(what)}:\n${this.stdout}\n${this.stderr}`));
        }
      };
      this.#watchers.add(look);
      look();
    });
  }
}

/** A person's laptop: configuration and state folders of its own, and the `tunnel` command. */
export class Laptop {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  #runs: Run[] = [];

  constructor(product: Product, environment: Record<string, string> = {}) {
    this.home = mkdtempSync(join(tmpdir(), 'sallyport-laptop-'));
    this.env = {
      PATH: process.env.PATH,
      HOME: this.home,
      LANG: 'C.UTF-8',
      TUNNEL_SERVER: product.apiUrl,
      XDG_CONFIG_HOME: join(this.home, 'config'),
      XDG_STATE_HOME: join(this.home, 'state'),
      XDG_RUNTIME_DIR: join(this.home, 'run'),
      ...environment,
    };
  }

  static async signedIn(
    product: Product,
    name: PersonName,
    environment: Record<string, string> = {},
  ): Promise<Laptop> {
    const laptop = new Laptop(product, environment);
    const login = laptop.tunnel(['login', '--token-stdin'], product.as(name).account.token + '\n');
    if ((await login.code) !== 0) throw new Error(`login: ${login.stderr}`);
    return laptop;
  }

  tunnel(args: readonly string[], input = ''): Run {
    return this.run(process.execPath, [join(repository, 'apps/cli/bin/run.js'), ...args], input);
  }
  run(command: string, args: readonly string[], input = ''): Run {
    const child = spawn(command, args, { env: this.env, cwd: this.home });
    child.stdin.end(input);
    const run = new Run(child);
    this.#runs.push(run);
    return run;
  }

  /** Ends what still runs and removes the folders. */
  async remove(): Promise<void> {
    for (const run of this.#runs) {
      if (run.child.exitCode === null && run.child.signalCode === null) run.child.kill('SIGKILL');
      await run.code;
    }
    rmSync(this.home, { recursive: true, force: true });
  }
}
