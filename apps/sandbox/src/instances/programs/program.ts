import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { Effects } from '@sallyport/effects';
import type { Instance } from '../../world/world.ts';
import { canIsolate, isolated, plain } from './isolation.ts';
import { accountFiles, type OsUser } from './os-users.ts';
import { openTerminal, type Terminal, type TerminalSize } from './terminal.ts';

export interface ProgramOrder {
  readonly instance: Instance;
  readonly user: OsUser;
  readonly command: readonly string[];
  readonly terminal: boolean;
  readonly size: TerminalSize;
  /** The sandbox's own folder. */
  readonly folder: string;
  readonly effects: Effects;
}

/** What a program tells. */
export interface ProgramSink {
  output(bytes: Buffer): void;
  errorOutput(bytes: Buffer): void;
  /** It takes what is typed again. */
  drained(): void;
  /** It ended and everything it wrote was told. A signal counts 128 and its number, as a shell tells it. */
  ended(code: number): void;
}

/** A real process of this machine that stands for one on an emulated instance. */
export interface Program {
  /** Types. False when it should be asked again after `drained`. */
  write(bytes: Uint8Array): boolean;
  /** Stops reading its output, or goes on. */
  hold(on: boolean): void;
  resize(size: TerminalSize): void;
  signal(name: 'SIGINT' | 'SIGQUIT' | 'SIGTSTP'): void;
  /** Ends it with everything it started, and resolves when nothing of it is left. */
  kill(): Promise<void>;
}

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** After the end of a program, how long its output is read on where something it left behind keeps the terminal, milliseconds. */
const lastWordsMs = 300;

/** Starts a program on an instance, as one of its accounts. */
export async function startProgram(order: ProgramOrder, sink: ProgramSink): Promise<Program> {
  const { instance, user, folder } = order;
  const own = canIsolate();
  const files = await accountFiles(folder, instance, user, own);
  const typing = { timers: order.effects.timers, drained: () => sink.drained() };
  const terminal = order.terminal ? openTerminal(own ? user : undefined, order.size, typing) : undefined;
  const place = { user, files, hostname: instance.name, terminal: terminal?.path, command: order.command };
  const { command, home, cwd } = own ? isolated(place) : plain(place);
  const child = spawn(command[0]!, command.slice(1), {
    // A session of its own, so that its terminal becomes the controlling one and all of it can be signalled.
    detached: true,
    cwd,
    env: {
      PATH: searchPath,
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      SHELL: '/bin/sh',
      HOME: home,
      USER: user.name,
      LOGNAME: user.name,
    },
    stdio: terminal === undefined ? ['ignore', 'pipe', 'pipe'] : 'ignore',
  });
  return terminal === undefined
    ? new PipedProgram(child, own, sink)
    : new TerminalProgram(child, terminal, sink, order.effects);
}

/** The program below the process that made its namespaces, and below the first process in them. */
function programOf(pid: number | undefined): number | undefined {
  let at = pid;
  for (let depth = 0; depth < 2 && at !== undefined; depth += 1) {
    try {
      const children = readFileSync(`/proc/${at}/task/${at}/children`, 'utf8').trim();
      at = children === '' ? undefined : Number(children.split(' ')[0]);
    } catch {
      return undefined; // it ended meanwhile
    }
  }
  return at;
}

abstract class RunningProgram {
  protected readonly child: ChildProcess;
  readonly #gone: Promise<void>;
  protected code: number | undefined;

  constructor(child: ChildProcess) {
    this.child = child;
    this.#gone = new Promise((resolve) => {
      const over = (code: number) => {
        this.code = code;
        this.exited();
        resolve();
      };
      child.once('error', () => over(127));
      child.once('exit', (code, signal) => over(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
    });
  }

  /** The process is gone; `code` is set. */
  protected abstract exited(): void;

  protected signalAll(name: NodeJS.Signals): void {
    if (this.child.pid === undefined || this.code !== undefined) return;
    try {
      process.kill(-this.child.pid, name);
    } catch {
      // It ended this moment.
    }
  }

  async kill(): Promise<void> {
    this.signalAll('SIGKILL');
    await this.#gone;
  }
}

class TerminalProgram extends RunningProgram implements Program {
  readonly #terminal: Terminal;
  readonly #sink: ProgramSink;
  readonly #effects: Effects;
  #told = false;
  #held = false;

  constructor(child: ChildProcess, terminal: Terminal, sink: ProgramSink, effects: Effects) {
    super(child);
    this.#terminal = terminal;
    this.#sink = sink;
    this.#effects = effects;
    const { stream } = terminal;
    stream.on('data', (bytes: Buffer) => sink.output(bytes));
    // EIO is how a pseudo-terminal ends on Linux; `close` follows.
    stream.on('error', () => undefined);
    stream.on('close', () => this.#tell());
  }

  protected exited(): void {
    // With our hold gone the stream ends when nothing else has the terminal open, after what is still in it.
    this.#terminal.release();
    this.#closeSoon();
  }

  /** For what a program left behind with the terminal open; not while its last words wait for a slow reader. */
  #closeSoon(): void {
    this.#effects.timers.after(lastWordsMs, () => {
      if (!this.#held) this.#terminal.close();
    });
  }

  #tell(): void {
    if (this.#told) return;
    this.#told = true;
    this.signalAll('SIGKILL');
    if (this.code !== undefined) this.#sink.ended(this.code);
    else this.child.once('exit', () => this.#sink.ended(this.code ?? 0));
  }

  write(bytes: Uint8Array): boolean {
    return this.#terminal.write(bytes);
  }

  hold(on: boolean): void {
    if (this.#held === on) return;
    this.#held = on;
    if (on) this.#terminal.stream.pause();
    else this.#terminal.stream.resume();
    if (!on && this.code !== undefined) this.#closeSoon();
  }

  resize(size: TerminalSize): void {
    this.#terminal.resize(size);
  }

  signal(): void {
    // What is typed becomes a signal in the terminal itself.
  }

  override async kill(): Promise<void> {
    this.#terminal.stream.destroy();
    await super.kill();
    this.#terminal.close();
  }
}

/** Without a terminal there is no standard input either, as the official agent has it. */
class PipedProgram extends RunningProgram implements Program {
  readonly #streams: readonly Readable[];
  readonly #own: boolean;

  /** `own`: the program runs in namespaces of its own, below the process that made them. */
  constructor(child: ChildProcess, own: boolean, sink: ProgramSink) {
    super(child);
    this.#own = own;
    const { stdout, stderr } = child;
    this.#streams = [stdout, stderr].filter((stream) => stream !== null);
    stdout?.on('data', (bytes: Buffer) => sink.output(bytes));
    stderr?.on('data', (bytes: Buffer) => sink.errorOutput(bytes));
    child.once('close', () => sink.ended(this.code ?? 0));
    child.once('error', () => sink.ended(127));
  }

  protected exited(): void {
    // `close` comes after the last output.
  }

  write(): boolean {
    return true;
  }

  hold(on: boolean): void {
    for (const stream of this.#streams)
      if (on) stream.pause();
      else stream.resume();
  }

  resize(): void {
    // It has no terminal.
  }

  signal(name: 'SIGINT' | 'SIGQUIT' | 'SIGTSTP'): void {
    const pid = this.#own ? programOf(this.child.pid) : this.child.pid;
    if (pid === undefined || this.code !== undefined) return;
    try {
      process.kill(pid, name);
    } catch {
      // It ended this moment.
    }
  }

  override async kill(): Promise<void> {
    await super.kill();
    for (const stream of this.#streams) stream.destroy();
  }
}
