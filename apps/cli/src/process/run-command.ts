import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { Problem } from '@sallyport/problems';
import { exitCodeOfSignal } from '../exit-codes.ts';
import type { World } from '../world.ts';

/** What a program is told of the tunnels it is run through. */
export interface Guidance {
  /** Variables of its environment; no secret among them. */
  readonly variables: Readonly<Record<string, string>>;
  /** Variables of ours that would lead it to another server. */
  readonly clears: (variable: string) => boolean;
  /** What `{word}` in its arguments stands for. */
  readonly words: Readonly<Record<string, string>>;
}

export interface RunningCommand {
  /** Exit status as a shell counts it (128 + number for a signal). Refuses with COMMAND_NOT_FOUND. */
  readonly exited: Promise<number>;
  /** Asks the program to end (SIGTERM), and ends it (SIGKILL) when it does not. */
  terminate(): void;
}

/** A program that ignores SIGTERM or SIGHUP is killed after this long. */
const graceMs = 5_000;

/** Runs a program through tunnels: it owns the terminal, and knows the place by its environment and by {host}, {port}, {url} and their like. */
export function runCommand(
  world: World,
  { command, guidance }: { command: readonly string[]; guidance: Guidance },
): RunningCommand {
  const [program = '', ...words] = command.map((word) => placed(word, guidance.words));
  const child = spawn(program, words, { stdio: 'inherit', env: environmentFor(world.env, guidance) });
  const end = (signal: 'SIGTERM' | 'SIGHUP') => {
    child.kill(signal);
    const kill = world.effects.timers.after(graceMs, () => child.kill('SIGKILL'));
    child.once('exit', () => world.effects.timers.cancel(kill));
  };
  // At a terminal Ctrl-C reaches the program by itself, which may go on (psql does); a signal to us alone has to be passed on.
  const stop = world.onSignal((signal) => {
    if (signal !== 'SIGINT') end(signal);
    else if (!world.stdin.isTTY) child.kill(signal);
  });
  const exited = new Promise<number>((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      stop();
      reject(
        new Problem('COMMAND_NOT_FOUND', {
          detail: `${program} could not be started (${cause.code ?? 'unknown'}).`,
          cause,
        }),
      );
    });
    child.once('exit', (code, signal) => {
      stop();
      resolve(code ?? exitCodeOfSignal(signal ? constants.signals[signal] : 0));
    });
  });
  return { exited, terminate: () => end('SIGTERM') };
}

/** Words that are not ours stay as they are: programs have braces of their own. */
function placed(word: string, words: Readonly<Record<string, string>>): string {
  return word.replace(/\{([A-Za-z0-9._-]+)\}/gu, (all, key: string) =>
    Object.hasOwn(words, key) ? (words[key] ?? all) : all,
  );
}

/** Our environment with the place in it; variables of another server would lead the program astray. */
export function environmentFor(
  env: Readonly<Record<string, string | undefined>>,
  { variables, clears }: Omit<Guidance, 'words'>,
): Record<string, string> {
  const child: Record<string, string> = {};
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !clears(name)) child[name] = value;
  return Object.assign(child, variables);
}
