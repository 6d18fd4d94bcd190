import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { directoriesOf } from '../settings/directories.ts';
import type { World } from '../world.ts';

/** Where recordings lie until they are handed over. */
export function recordingsFolder(world: Pick<World, 'env' | 'home'>): string {
  return join(directoriesOf(world).state, 'recordings');
}

/** Whether a recording lies here. Apart from the rest because every command asks. */
export async function anyRecording(world: Pick<World, 'env' | 'home'>): Promise<boolean> {
  const names = await readdir(recordingsFolder(world)).catch(() => [] as string[]);
  return names.some((name) => name.endsWith('.json'));
}
