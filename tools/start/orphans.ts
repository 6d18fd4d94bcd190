import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startOf } from './process-identity.ts';
import { writePrivate } from './secrets.ts';

interface Part {
  readonly pid: number;
  readonly started: string | undefined;
}

const politeMs = 4_000;
const sureMs = 2_000;

/** The processes an installation started, kept in its folder so that the next start can end what a kill left over. */
export class PartsFile {
  readonly #path: string;
  readonly #parts = new Map<string, Part>();
  constructor(dataDir: string) {
    this.#path = join(dataDir, 'parts.json');
  }

  /** Notes the present process of a part. */
  note(name: string, pid: number): void {
    this.#parts.set(name, { pid, started: startOf(pid) });
    writePrivate(this.#path, Object.fromEntries(this.#parts));
  }

  clear(): void {
    this.#parts.clear();
    rmSync(this.#path, { force: true });
  }

  /** Ends the parts of an earlier start that are still there. The caller holds the installation's lock. */
  async endOrphans(): Promise<void> {
    if (!existsSync(this.#path)) return;
    const orphans = Object.values(
      JSON.parse(readFileSync(this.#path, 'utf8')) as Record<string, Part>,
    ).filter(isThere);
    for (const [signal, patience] of [
      ['SIGTERM', politeMs],
      ['SIGKILL', sureMs],
    ] as const) {
      for (const { pid } of orphans.filter(isThere)) process.kill(pid, signal);
      for (let waited = 0; waited < patience && orphans.some(isThere); waited += 50)
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.clear();
  }
}

/** The same process as noted, not a later one with its number. */
function isThere({ pid, started }: Part): boolean {
  return started !== undefined && startOf(pid) === started && !isZombie(pid);
}

/** An orphan that ended but was not waited for holds nothing any more. */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}
