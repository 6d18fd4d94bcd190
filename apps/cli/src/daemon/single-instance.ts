import { closeSync, constants, openSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { askProcess } from '../local/control-socket.ts';
import { directoriesOf } from '../settings/directories.ts';
import { makePrivateDirectory } from '../settings/private-files.ts';
import type { World } from '../world.ts';

/** `LOCK_EX | LOCK_NB` of flock(2), the same on Linux and macOS. */
const exclusiveNow = 2 | 4;

export function daemonSocketPath(world: Pick<World, 'env' | 'home'>): string {
  return join(directoriesOf(world).runtime, 'daemon.sock');
}

/**
 * Makes this process the person's only background process, until it ends: the kernel holds the lock and lets go of it whatever the process dies of. False
 * when there is another. A socket that a dead one left is removed.
 */
export async function becomeTheOnlyOne(world: World): Promise<boolean> {
  const { runtime } = directoriesOf(world);
  await makePrivateDirectory(runtime, world);
  if (!(await locked(join(runtime, 'daemon.lock')))) return false;
  const socket = daemonSocketPath(world);
  if ((await askProcess(world, socket, { ask: 'daemon' }).catch(() => ({}))) !== undefined) return false;
  await unlink(socket).catch(() => undefined);
  return true;
}

/** True too where native calls are not to be had: then the socket's name alone is the lock. */
async function locked(path: string): Promise<boolean> {
  const koffi = await import('koffi').then(
    (module) => module.default,
    () => undefined,
  );
  if (!koffi) return true;
  const flock = koffi.load(null).func('int flock(int, int)') as (fd: number, operation: number) => number;
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  // Stays open until the process ends; that is the lock's life. The file is never removed: two processes would lock two files.
  const fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  if (flock(fd, exclusiveNow) === 0) return true;
  closeSync(fd);
  return false;
}
