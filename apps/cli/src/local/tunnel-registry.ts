import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readPrivateFile, removeFile, writePrivateFile } from '../settings/private-files.ts';
import type { World } from '../world.ts';
import { tunnelsFolder } from './any-entry.ts';
import { startOfProcess } from './process-identity.ts';

/** What a tunnel on this machine tells other processes of the same person, and what is left to finish when its process is killed. Ids and paths only. */
export interface TunnelEntry {
  readonly version: 2;
  readonly pid: number;
  /** See {@link startOfProcess}; null where the system does not tell. */
  readonly processStart: string | null;
  readonly name: string;
  readonly grantId: string;
  /** Origin of the control plane. */
  readonly server: string;
  /** Session of the control plane; null until there is one. */
  readonly sessionId: string | null;
  /** Sessions at AWS that were started and not yet confirmed ended. */
  readonly ssmSessionIds: readonly string[];
  /** Where it listens; null until it is open. */
  readonly place: TunnelSpot | null;
  readonly startedAt: string;
  /** Path of the Unix socket through which the process is asked. */
  readonly socket: string;
  /** Whether it runs in the background process. */
  readonly background: boolean;
  /** The file of tunnels that it was opened from. */
  readonly source: string | null;
}

/** Where a tunnel listens. */
export interface TunnelSpot {
  readonly host: string;
  readonly port: number;
  /** Path of the Unix socket it listens on instead of a port. */
  readonly socketPath?: string | null;
  readonly url: string;
  readonly endsAt: string;
}

type Place = Pick<World, 'env' | 'home'>;

/** The socket's name tells entries apart: one process may hold several tunnels, and tunnels may share a name. */
const entryPath = (world: Place, { socket }: Pick<TunnelEntry, 'socket'>) =>
  join(tunnelsFolder(world), `${(socket.split('/').at(-1) ?? '').replace(/\.sock$/u, '')}.json`);

export async function keepEntry(world: World, entry: TunnelEntry): Promise<void> {
  await writePrivateFile(entryPath(world, entry), JSON.stringify(entry), world);
}

export async function dropEntry(world: World, entry: Pick<TunnelEntry, 'socket'>): Promise<void> {
  await removeFile(entryPath(world, entry));
}

/** Every entry, alive or not. Files that no version of this program can use are removed on the way. */
export async function allEntries(world: World): Promise<readonly TunnelEntry[]> {
  const names = await readdir(tunnelsFolder(world)).catch(() => [] as string[]);
  const entries: TunnelEntry[] = [];
  for (const name of names.filter((file) => /^\d.*\.json$/u.test(file)).sort()) {
    const path = join(tunnelsFolder(world), name);
    const entry = parse(await readPrivateFile(path, 'FILE_UNUSABLE', world).catch(() => undefined));
    if (entry && entryPath(world, entry) === path) entries.push(entry);
    else if (entry !== null) await removeFile(path).catch(() => undefined);
  }
  return entries;
}

/** Whether the process of an entry still runs. */
export async function processRuns(entry: Pick<TunnelEntry, 'pid' | 'processStart'>): Promise<boolean> {
  const start = await startOfProcess(entry.pid);
  return start !== undefined && (entry.processStart === null || start === entry.processStart);
}

/** Null: an entry of another version, which is for that version to remove. */
function parse(text: string | undefined): TunnelEntry | null | undefined {
  if (text === undefined) return undefined;
  try {
    const entry = JSON.parse(text) as Partial<TunnelEntry> | null;
    if (typeof entry?.version === 'number' && entry.version > 2) return null;
    const strings = [entry?.socket, entry?.name, entry?.grantId, entry?.server];
    const whole =
      entry?.version === 2 &&
      Number.isInteger(entry.pid) &&
      strings.every((value) => typeof value === 'string') &&
      Array.isArray(entry.ssmSessionIds) &&
      entry.ssmSessionIds.every((id) => typeof id === 'string');
    return whole ? (entry as TunnelEntry) : undefined;
  } catch {
    // Not an entry at all.
    return undefined;
  }
}
