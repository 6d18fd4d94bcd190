import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { directoriesOf } from '../settings/directories.ts';
import { removeFile, writePrivateFile } from '../settings/private-files.ts';
import type { World } from '../world.ts';

/** What a running `tunnel connect` tells other processes of the same person. Holds no secret. */
export interface TunnelEntry {
  readonly version: 1;
  readonly pid: number;
  readonly name: string;
  readonly grantId: string;
  readonly sessionId: string;
  readonly host: string;
  readonly port: number;
  /** Path of the Unix socket it listens on instead of a port. */
  readonly socketPath?: string | null;
  readonly url: string;
  readonly startedAt: string;
  readonly endsAt: string;
  /** Path of the Unix socket through which the process is asked to stop. */
  readonly socket: string;
}

const folder = (world: Pick<World, 'env' | 'home'>) => join(directoriesOf(world).state, 'tunnels');

const entryPath = (world: Pick<World, 'env' | 'home'>, entry: Pick<TunnelEntry, 'pid' | 'name'>) =>
  join(folder(world), `${entry.pid}-${entry.name.replace(/[^A-Za-z0-9._-]/gu, '_')}.json`);

export async function announceTunnel(world: World, entry: TunnelEntry): Promise<void> {
  await writePrivateFile(entryPath(world, entry), JSON.stringify(entry), world);
}

export async function forgetTunnel(world: World, entry: Pick<TunnelEntry, 'pid' | 'name'>): Promise<void> {
  await removeFile(entryPath(world, entry));
}

/** Every announced tunnel, alive or not; files that cannot be read as one are passed over. */
export async function announcedTunnels(world: World): Promise<readonly TunnelEntry[]> {
  const names = await readdir(folder(world)).catch(() => [] as string[]);
  const entries: TunnelEntry[] = [];
  for (const name of names.filter((file) => /^\d.*\.json$/u.test(file))) {
    const entry = parse(await readFile(join(folder(world), name), 'utf8').catch(() => ''));
    if (entry) entries.push(entry);
  }
  return entries;
}

function parse(text: string): TunnelEntry | undefined {
  try {
    const entry = JSON.parse(text) as TunnelEntry;
    return entry.version === 1 && typeof entry.socket === 'string' && typeof entry.name === 'string'
      ? entry
      : undefined;
  } catch {
    // A draft or a file of another version: not a tunnel.
    return undefined;
  }
}
