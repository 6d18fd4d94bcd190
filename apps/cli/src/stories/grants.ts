import { Problem } from '@sallyport/problems';
import type { Grant } from '@sallyport/api-client';
import type { Server } from '../server/server.ts';

/** My grants that are active now. */
export async function activeGrants(server: Server, signal?: AbortSignal): Promise<readonly Grant[]> {
  return (await server.api.listGrants({ view: 'mine', state: 'active' }, { signal })).items;
}

export const readGrant = (server: Server, id: string, signal?: AbortSignal) =>
  server.api.readGrant(id, { signal });

/** Gives grants back: all of mine, or those of the resource named. Refuses when there is none. */
export async function returnGrants(server: Server, name: string | undefined): Promise<readonly Grant[]> {
  const mine = await activeGrants(server);
  const chosen =
    name === undefined ? mine : mine.filter((grant) => grant.resource.name === name || grant.id === name);
  if (chosen.length === 0 && name !== undefined)
    throw new Problem('GRANT_NOT_HELD', { detail: `You hold no active grant of "${name.slice(0, 60)}".` });
  const returned: Grant[] = [];
  for (const grant of chosen) returned.push(await server.api.returnGrant(grant.id));
  return returned;
}

export const revokeGrant = (server: Server, id: string, reason: string) => server.api.revokeGrant(id, reason);
