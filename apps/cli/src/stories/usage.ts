import { usageLine, type Resource, type ResourceRef, type UsedResource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { clean } from '../output/text.ts';
import type { Server } from '../server/server.ts';

/** The line that uses a grant of a resource, harmless on a terminal. */
export function useLine(resource: UsedResource): string {
  return clean(usageLine(resource));
}

/** As {@link useLine}, for what is only referred to: whether a shell has a login is read; who may not read it is told the line of its kind. */
export async function useLineOf(server: Server, ref: ResourceRef, signal?: AbortSignal): Promise<string> {
  if (ref.kind !== 'shell') return useLine(ref);
  return useLine(await server.api.readResource(ref.name, { signal }).catch(() => ref));
}

/** What another command is for (RESOURCE_USED_OTHERWISE), with that command. `lacks` says what this one would need. */
export function usedOtherwise(resource: UsedResource, lacks: string): Problem {
  return new Problem('RESOURCE_USED_OTHERWISE', {
    detail: `${clean(resource.name)} ${lacks}, it is of kind ${resource.kind}: ${useLine(resource)}`,
  });
}

/** Refuses what has no port that could be opened here, before it is asked for (RESOURCE_USED_OTHERWISE). */
export function openable(resource: Resource): Resource {
  if (resource.kind === 'shell' && resource.connectable) throw usedOtherwise(resource, 'has no port');
  return resource;
}
