import type { AccessRequest, Grant } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import type { Server } from '../server/server.ts';
import { activeGrants } from './grants.ts';

export interface MoreTime {
  readonly durationSeconds: number;
  readonly reason?: string;
  readonly ticket?: string;
}

/** My active grant of a resource (or under its own id); of several the one that lasts longest. Refuses with GRANT_NOT_HELD. */
export async function heldGrant(server: Server, name: string): Promise<Grant> {
  const mine = await activeGrants(server);
  const [held] = mine
    .filter((grant) => grant.resource.name === name || grant.id === name)
    .sort((a, b) => Date.parse(b.endsAt) - Date.parse(a.endsAt));
  if (held) return held;
  throw new Problem('GRANT_NOT_HELD', { detail: `You hold no active grant of "${name.slice(0, 60)}".` });
}

/** Asks for more time from the end that was seen, so that a repeated command extends once. */
export const askForMore = (server: Server, grant: Grant, more: MoreTime): Promise<AccessRequest> =>
  server.api.extendGrant(grant.id, { ...more, seenEndsAt: grant.endsAt });
