import { spawn, type ChildProcess } from 'node:child_process';
import { Problem } from '@sallyport/problems';
import { askProcess } from '../local/control-socket.ts';
import { programItself } from '../process/program-itself.ts';
import type { World } from '../world.ts';
import { logFilePath } from './log-file.ts';
import { daemonSocketPath } from './single-instance.ts';
import type { BackgroundTunnel, BackgroundWish } from './wish.ts';

/** A new process has this long to serve; a busy machine starts Node slowly. */
const startWithinMs = 30_000;
const lookEveryMs = 40;
/** One that ends just when it is asked is followed by another, at most this often. */
const triesMax = 3;

/** What a process of our own needs of the environment; anything else, secrets above all, stays with the terminal. */
const inherited =
  /^(?:PATH|HOME|USER|LOGNAME|TMPDIR|TZ|LANG|LC_\w+|XDG_(?:CONFIG|STATE)_HOME|XDG_RUNTIME_DIR|NODE_EXTRA_CA_CERTS|SSL_CERT_(?:FILE|DIR))$/u;

export interface BackgroundProcess {
  readonly pid: number;
  readonly version: string;
  readonly tunnels: number;
}

/** The person's background process, if one runs. Refuses with DAEMON_VERSION_OTHER. */
export async function backgroundProcess(world: World): Promise<BackgroundProcess | undefined> {
  const answer = await askProcess(world, daemonSocketPath(world), { ask: 'daemon' });
  return answer as BackgroundProcess | undefined;
}

/** As {@link backgroundProcess}, starting one when none runs. Refuses with DAEMON_NOT_STARTED. */
export async function startedBackgroundProcess(world: World): Promise<BackgroundProcess> {
  const running = await backgroundProcess(world);
  if (running) return running;
  const { clock, timers } = world.effects;
  const child = startDetached(world.env);
  const until = clock.monotonic() + startWithinMs;
  while (clock.monotonic() < until) {
    const started = await backgroundProcess(world);
    if (started) return started;
    // One that ends with 0 found another one, which will answer in a moment.
    if (child.exitCode !== null && child.exitCode !== 0) break;
    await timers.wait(lookEveryMs);
  }
  throw new Problem('DAEMON_NOT_STARTED', {
    detail: `The background process did not start; see ${logFilePath(world)}.`,
  });
}

function startDetached(env: World['env']): ChildProcess {
  const [program = '', ...words] = programItself();
  const kept = Object.entries(env).filter(([name]) => inherited.test(name));
  const child = spawn(program, [...process.execArgv, ...words, 'daemon'], {
    detached: true,
    stdio: 'ignore',
    cwd: '/',
    env: Object.fromEntries(kept),
  });
  child.on('error', () => undefined);
  child.unref();
  return child;
}

/** Has a tunnel opened in the background; resolves when it carries connections. `said` gets what is told meanwhile. */
export async function openInBackground(
  world: World,
  wish: BackgroundWish,
  said: (text: string) => void,
  signal: AbortSignal,
): Promise<BackgroundTunnel> {
  const onEvent = (event: object) => {
    const { said: text } = event as { said?: unknown };
    if (typeof text === 'string') said(text);
  };
  for (let tries = 0; tries < triesMax; tries++) {
    const { version } = await startedBackgroundProcess(world);
    if (version !== world.version && tries === 0)
      said(
        `the background process is still of version ${version}; for ${world.version}: tunnel stop --daemon`,
      );
    try {
      const ask = { ask: 'open', wish };
      const answer = await askProcess(world, daemonSocketPath(world), ask, {
        withinMs: null,
        onEvent,
        signal,
      });
      if (answer) return answer as BackgroundTunnel;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'DAEMON_STOPPING') throw error;
    }
    await world.effects.timers.wait(lookEveryMs, signal);
  }
  throw new Problem('DAEMON_NOT_STARTED', {
    detail: `The background process ended; see ${logFilePath(world)}.`,
  });
}

/** Ends the background process with its tunnels, whatever its version. Undefined when none runs. */
export async function endBackgroundProcess(world: World): Promise<BackgroundProcess | undefined> {
  const answer = await askProcess(world, daemonSocketPath(world), { ask: 'shutdown' }, { withinMs: 20_000 });
  return answer as BackgroundProcess | undefined;
}
