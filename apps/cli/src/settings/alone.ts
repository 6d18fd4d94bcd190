import { constants } from 'node:fs';
import { open, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Problem } from '@sallyport/problems';
import { makePrivateDirectory } from './private-files.ts';
import type { World } from '../world.ts';

/** A change of a small file takes milliseconds; a lock as old as this was left by a process that was killed. */
const abandonedMs = 5_000;
const waitMs = 15;
const waitsMax = 1_000;

/**
 * Changes a file while no other process of this person does: a file beside it (`.lock`) says so. Refuses with
 * FILE_UNUSABLE when it cannot be had for a quarter of a minute.
 */
export async function alone<T>(
  path: string,
  world: Pick<World, 'uid' | 'effects'>,
  change: () => Promise<T>,
): Promise<T> {
  const lock = `${path}.lock`;
  await makePrivateDirectory(dirname(path), world);
  await taken(lock, world);
  try {
    return await change();
  } finally {
    await unlink(lock).catch(() => undefined);
  }
}

async function taken(lock: string, { effects }: Pick<World, 'effects'>): Promise<void> {
  for (let tries = 0; tries < waitsMax; tries++) {
    try {
      const file = await open(lock, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
      await file.close();
      return;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new Problem('FILE_UNUSABLE', { detail: `${lock} could not be made.`, cause });
    }
    const found = await stat(lock).catch(() => undefined);
    if (found && effects.clock.now() - found.mtimeMs > abandonedMs) await unlink(lock).catch(() => undefined);
    else await effects.timers.wait(waitMs);
  }
  throw new Problem('FILE_UNUSABLE', { detail: `${lock} has been there too long; remove it.` });
}
