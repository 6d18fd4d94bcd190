import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Readable, Writable } from 'node:stream';
import { systemEffects } from '@sallyport/effects/system';
import { runTunnel } from '../src/main.ts';
import type { Prompts, World } from '../src/world.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A person at their machine: home folder of its own, captured output, answers for questions. */
export class Person {
  readonly home: string;
  readonly env: Record<string, string | undefined>;
  /** What standard input holds; undefined means a terminal. */
  stdin: string | undefined = '';
  terminal = false;
  /** Whether somebody sits at the terminal that a program was started from, whose standard input is another program's. */
  beside = false;
  columns = 100;
  /** What another program says on standard input, for a command that carries it; silence when left out. */
  carried: Readable | undefined;
  answers: string[] = [];
  /** In place of `answers`. */
  prompt: Prompts | undefined;
  #signal: ((signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => void)[] = [];

  private constructor(home: string, server: string) {
    this.home = home;
    this.env = { TUNNEL_SERVER: server, HOME: home, PATH: process.env['PATH'] };
  }

  static async at(server: string): Promise<Person> {
    return new Person(await mkdtemp(join(tmpdir(), 'tunnel-test-')), server);
  }

  async leave(): Promise<void> {
    await rm(this.home, { recursive: true, force: true });
  }

  signal(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void {
    for (const listener of [...this.#signal]) listener(signal);
  }

  /** The world of one command line; what it writes goes to `out` and `err`. */
  world(out: (text: string) => void = () => undefined, err: (text: string) => void = () => undefined): World {
    const stream = (write: (text: string) => void) => ({
      isTTY: this.terminal,
      columns: this.columns,
      write,
    });
    return {
      env: this.env,
      home: this.home,
      uid: process.getuid?.(),
      pid: process.pid,
      hostName: 'laptop',
      version: '0.0.0-test',
      stdin: { isTTY: this.stdin === undefined, readAll: async () => this.stdin ?? '' },
      stdout: stream(out),
      stderr: stream(err),
      effects: systemEffects(),
      bytes: () => {
        const nowhere = () => new Writable({ write: (_bytes, _encoding, done) => done() });
        return { from: this.carried ?? new PassThrough(), to: nowhere(), errors: nowhere() };
      },
      terminal: () => undefined,
      prompts: async () => this.#prompts(),
      promptsBeside: async () => (this.beside ? this.#prompts() : undefined),
      onSignal: (listener) => {
        this.#signal.push(listener);
        return () => (this.#signal = this.#signal.filter((other) => other !== listener));
      },
      endNow: () => undefined,
    };
  }

  #prompts(): Prompts {
    if (this.prompt) return this.prompt;
    const next = async () => {
      const answer = this.answers.shift();
      if (answer === undefined) throw new Error('asked more than the test answers');
      return answer;
    };
    return { text: next, secret: next };
  }

  /** Types a command line and reads what came back. */
  async types(...argv: string[]): Promise<Ran> {
    let out = '';
    let err = '';
    const world = this.world(
      (text) => (out += text),
      (text) => (err += text),
    );
    const code = await runTunnel(argv, world);
    return { code, out, err };
  }
}
