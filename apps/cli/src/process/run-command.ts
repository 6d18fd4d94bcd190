import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { Problem } from '@sallyport/problems';
import { exitCodeOfSignal } from '../exit-codes.ts';
import type { World } from '../world.ts';

/** Where the program reaches the resource. */
export interface TunnelPlace {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly protocol: string | null;
  readonly database: { readonly name: string; readonly role: string } | null;
}

export interface RunningCommand {
  /** Exit status as a shell counts it (128 + number for a signal). Refuses with COMMAND_NOT_FOUND. */
  readonly exited: Promise<number>;
  /** Asks the program to end (SIGTERM), and ends it (SIGKILL) when it does not. */
  terminate(): void;
}

/** A program that ignores SIGTERM is killed after this long. */
const graceMs = 5_000;

/** Runs a program through a tunnel: it owns the terminal, knows the place by its environment and by {host}, {port}, {url}. */
export function runCommand(
  world: World,
  { command, tunnel }: { command: readonly string[]; tunnel: TunnelPlace },
): RunningCommand {
  const [program = '', ...words] = command.map((word) => placed(word, tunnel));
  const child = spawn(program, words, { stdio: 'inherit', env: environmentFor(world.env, tunnel) });
  // At a terminal Ctrl-C reaches the program by itself; a signal to us alone has to be passed on.
  const stop = world.onSignal((signal) => {
    if (signal !== 'SIGINT' || !world.stdin.isTTY) child.kill(signal);
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
  const terminate = () => {
    child.kill('SIGTERM');
    const kill = world.effects.timers.after(graceMs, () => child.kill('SIGKILL'));
    child.once('exit', () => world.effects.timers.cancel(kill));
  };
  return { exited, terminate };
}

function placed(word: string, { host, port, url }: TunnelPlace): string {
  return word.replaceAll('{host}', host).replaceAll('{port}', String(port)).replaceAll('{url}', url);
}

/** Our environment with the place in it; PG* variables of another database would lead the program astray. */
export function environmentFor(
  env: Readonly<Record<string, string | undefined>>,
  { host, port, url, protocol, database }: TunnelPlace,
): Record<string, string> {
  const child: Record<string, string> = {};
  const postgresql = protocol === 'postgresql' && database !== null;
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !(postgresql && name.startsWith('PG'))) child[name] = value;
  Object.assign(child, { TUNNEL_HOST: host, TUNNEL_PORT: String(port), TUNNEL_URL: url });
  if (postgresql)
    Object.assign(child, {
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: database.role,
      PGDATABASE: database.name,
    });
  return child;
}
