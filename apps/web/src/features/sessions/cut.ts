import type { Grant, Session } from '../../api/contract.ts';

/** What an administrator is about to end: a grant with everything on it, and maybe one session picked out of it. */
export interface Cut {
  grantId: string;
  resource: string;
  person: string;
  /** Live sessions of the grant. */
  live: number;
  /** Set when a single session was picked. */
  sessionId?: string;
}

/** The cut that a row of the session table stands for. */
export function cutOfSession(
  session: Session,
  sessions: readonly Session[],
  grants: readonly Grant[] | undefined,
): Cut {
  const counted = sessions.filter((other) => other.grantId === session.grantId).length;
  const known = grants?.find((grant) => grant.id === session.grantId)?.sessions.live ?? 0;
  return {
    grantId: session.grantId,
    resource: session.resource.name,
    person: session.person.name,
    live: Math.max(counted, known),
    sessionId: session.id,
  };
}

/** The cut that a row of the grant table stands for. */
export function cutOfGrant(grant: Grant): Cut {
  return {
    grantId: grant.id,
    resource: grant.resource.name,
    person: grant.person.name,
    live: grant.sessions.live,
  };
}

/** What will happen, before it does: `ends 3 live sessions`. */
export function cutSentence(live: number): string {
  if (live === 0) return 'ends no live session';
  return `ends ${live} live ${live === 1 ? 'session' : 'sessions'}`;
}
