import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Timers } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';

/**
 * Ends a server that outlived the process which started it (after `kill -9`), and removes the lock of one that did
 * not: a locked data directory is never a dead end. The caller must hold its own lock on the installation.
 */
export async function endOrphan(dataDir: string, timers: Timers): Promise<void> {
  const lock = join(dataDir, 'postmaster.pid');
  const text = await readFile(lock, 'utf8').catch(ignoreMissing);
  if (text === undefined) return;
  const pid = Number(text.split('\n', 1)[0]);
  if (Number.isSafeInteger(pid) && pid > 1 && (await isServerOf(pid, dataDir))) {
    for (const [signal, patienceMs] of [
      ['SIGINT', 10_000],
      ['SIGQUIT', 5_000],
      ['SIGKILL', 2_000],
    ] as const) {
      signalIfAlive(pid, signal);
      if (await gone(pid, patienceMs, timers)) break;
    }
    if (isAlive(pid))
      throw new Problem('DATABASE_DIRECTORY_LOCKED', {
        detail: `The PostgreSQL server ${pid} holds ${dataDir} and does not end.`,
      });
  }
  await rm(lock, { force: true });
}

/** Whether the process is a PostgreSQL server on that directory, by its command line where the system shows it. */
async function isServerOf(pid: number, dataDir: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') return true;
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(ignoreMissing))?.split('\0') ?? [];
  return (words[0] ?? '').endsWith('postgres') && words.includes(dataDir);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  if (isAlive(pid)) process.kill(pid, signal);
}

async function gone(pid: number, patienceMs: number, timers: Timers): Promise<boolean> {
  for (let waited = 0; waited < patienceMs; waited += 50) {
    if (!isAlive(pid)) return true;
    await timers.wait(50);
  }
  return !isAlive(pid);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
