import { Problem } from '@sallyport/problems';
import type { Grant, List } from '../server/contract.ts';
import type { Server } from '../server/server.ts';

/** My grants that are active now. */
export async function activeGrants(server: Server, signal?: AbortSignal): Promise<readonly Grant[]> {
  return (await server.get<List<Grant>>('/grants', { view: 'mine', state: 'active' }, signal)).items;
}

export const readGrant = (server: Server, id: string, signal?: AbortSignal) =>
  server.get<Grant>(`/grants/${encodeURIComponent(id)}`, undefined, signal);

/** Gives grants back: all of mine, or those of the resource named. Refuses when there is none. */
export async function returnGrants(server: Server, name: string | undefined): Promise<readonly Grant[]> {
  const mine = await activeGrants(server);
  const chosen =
    name === undefined ? mine : mine.filter((grant) => grant.resource.name === name || grant.id === name);
  if (chosen.length === 0 && name !== undefined)
    throw new Problem('GRANT_NOT_HELD', { detail: `You hold no active grant of "${name.slice(0, 60)}".` });
  const returned: Grant[] = [];
  for (const grant of chosen) returned.push(await server.post<Grant>(`/grants/${grant.id}/return`, {}));
  return returned;
}

export const revokeGrant = (server: Server, id: string, reason: string) =>
  server.post<Grant>(`/grants/${encodeURIComponent(id)}/revoke`, { reason });
