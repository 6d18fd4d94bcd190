import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Namespace } from '../../e2e/harness/namespaces.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A process that says it is ready by one JSON line on standard output, and ends with SIGTERM. */
export class Child implements AsyncDisposable {
  readonly ready: Readonly<Record<string, unknown>>;
  readonly #process: ChildProcess;

  private constructor(started: ChildProcess, ready: Readonly<Record<string, unknown>>) {
    this.#process = started;
    this.ready = ready;
  }

  /** Runs a TypeScript file of this repository, in a network namespace where one is given; rejects when it ends before it is ready. */
  static async start(file: string, args: readonly string[], at?: Namespace): Promise<Child> {
    const words = ['--conditions=development', file, ...args];
    const [program, all] = at?.command(process.execPath, words) ?? [process.execPath, words];
    const started = spawn(program, all, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // However this process ends, its child does not stay behind.
    const kill = () => void started.kill('SIGKILL');
    process.once('exit', kill);
    started.once('exit', () => process.off('exit', kill));
    let complaint = '';
    started.stderr.on('data', (bytes: Buffer) => (complaint = (complaint + bytes.toString()).slice(-2000)));
    const lines = createInterface({ input: started.stdout });
    const line = await Promise.race([
      once(lines, 'line').then(([text]) => String(text)),
      once(started, 'exit').then(() => undefined),
    ]);
    if (line === undefined) throw new Error(`${file} did not start: ${complaint}`);
    return new Child(started, JSON.parse(line) as Record<string, unknown>);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await gone;
  }
}
