import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { Problem } from '@sallyport/problems';

export interface ChildOptions {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly logFile: string;
}

/** A process of the product that says `{"event":"ready", ...}` on a line of standard output when it serves. */
export interface Child<Ready> {
  readonly name: string;
  readonly pid: number;
  readonly ready: Ready;
  /** Resolves with a description when it ends, whoever ended it. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

const endWithParent = new URL('./end-with-parent.mjs', import.meta.url).href;
const logBytesMax = 8 * 1024 * 1024;
const startPatienceMs = 60_000;
const stopPatienceMs = 4_000;

/** Starts it and waits until it is ready; `PART_START_FAILED` with its last words when it ends first. */
export async function startChild<Ready>(options: ChildOptions): Promise<Child<Ready>> {
  const log = openLog(options.logFile);
  const child = spawn(process.execPath, ['--import', endWithParent, ...options.args], {
    cwd: options.cwd,
    env: options.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: the terminal's Ctrl-C reaches the launcher alone, which ends the parts in their order.
    detached: true,
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`exit ${code ?? signal}`));
  });
  const tail: string[] = [];
  const ready = new Promise<Ready>((resolve) => {
    forEachLine(child, (line) => {
      log.write(line + '\n');
      if (tail.push(line) > 8) tail.shift();
      const said = readyLine<Ready>(line);
      if (said) resolve(said);
    });
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), startPatienceMs);
  const first = await Promise.race([ready.then((value) => ({ value })), ended]);
  clearTimeout(timer);
  void ended.then(() => log.end());
  if (typeof first === 'string')
    throw new Problem('PART_START_FAILED', {
      detail: `The ${options.name} did not start (${first}). Its last words:\n  ${tail.join('\n  ')}`,
    });
  return {
    name: options.name,
    pid: child.pid ?? 0,
    ready: first.value,
    ended,
    stop: () => stop(child, ended),
  };
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopPatienceMs);
  await ended;
  clearTimeout(timer);
}

function forEachLine(child: ChildProcess, take: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr])
    if (stream) createInterface({ input: stream }).on('line', take);
}

function readyLine<Ready>(line: string): Ready | undefined {
  if (!line.includes('"ready"')) return undefined;
  try {
    const said = JSON.parse(line) as { event?: unknown };
    return said.event === 'ready' ? (said as Ready) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function openLog(path: string) {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (existsSync(path) && statSync(path).size > logBytesMax) renameSync(path, `${path}.1`);
  return createWriteStream(path, { flags: 'a', mode: 0o600 });
}
