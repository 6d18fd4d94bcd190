import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '@sallyport/problems';
import { startOf } from './process-identity.ts';

/**
 * Holds an installation's folder for this process. The lock of a process that is gone (after `kill -9`, a power cut)
 * is taken over; one that is held is `INSTALLATION_IN_USE`. Returns the release.
 */
export function lockInstallation(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, 'launcher.lock');
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid) });
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const file = openSync(path, 'wx', 0o600);
      writeSync(file, mine);
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readHolder(path);
    if (holder && startOf(holder.pid) === holder.started)
      throw new Problem('INSTALLATION_IN_USE', {
        detail: `Process ${holder.pid} already runs Sallyport in ${dataDir}.`,
      });
    rmSync(path, { force: true });
  }
  throw new Problem('INSTALLATION_IN_USE', {
    detail: `Another process is taking ${dataDir} at this moment.`,
  });
}

/** Undefined when the lock is half written (its writer was killed) or gone. */
function readHolder(path: string): { pid: number; started: string } | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { pid: number; started: string };
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
