import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { directoriesOf } from '../settings/directories.ts';
import type { World } from '../world.ts';

/** Where the files of tunnels lie. */
export function tunnelsFolder(world: Pick<World, 'env' | 'home'>): string {
  return join(directoriesOf(world).state, 'tunnels');
}

/** Whether there is a tunnel, alive or killed. Apart from the rest because every command asks. */
export async function anyEntry(world: Pick<World, 'env' | 'home'>): Promise<boolean> {
  const names = await readdir(tunnelsFolder(world)).catch(() => [] as string[]);
  return names.some((name) => name.endsWith('.json'));
}
