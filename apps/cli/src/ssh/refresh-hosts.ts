import { readFile } from 'node:fs/promises';
import type { Resource } from '@sallyport/api-client';
import type { Debug } from '../output/debug.ts';
import { troubleOf } from '../output/problem-text.ts';
import type { World } from '../world.ts';
import { sshNames } from './find-host.ts';
import { writeHosts } from './install-config.ts';
import { sshPlaces } from './places.ts';
import { leadsHere, sshConfigText } from './ssh-config.ts';

/**
 * Tells plain ssh the hosts that the catalogue has now, where it was told any before by this program for this control plane; asks for them only then. Never fails: what
 * is done meanwhile does not depend on it.
 */
export async function refreshHosts(
  { world, debug }: { readonly world: World; readonly debug: Debug },
  list: () => Promise<readonly Resource[]> | readonly Resource[],
): Promise<void> {
  const before = await readFile(sshPlaces(world).hosts, 'utf8').catch(() => undefined);
  if (before === undefined || !leadsHere(world, before)) return;
  try {
    await writeHosts(world, sshConfigText(world, sshNames(await list())));
  } catch (error) {
    debug('ssh', { hosts: 'kept', code: troubleOf(error).code });
  }
}
