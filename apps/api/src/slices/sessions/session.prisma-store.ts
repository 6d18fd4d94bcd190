import { limits, type Session, type SessionEndReason } from '@sallyport/access-domain';
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts';
import { LostRace } from '../../platform/database/database-refusal.ts';
import type { Write } from '../../platform/database/unit-of-work.ts';
import type { LiveHint } from '../../platform/live-hints/live-hints.ts';

const parts = {
  person: { select: { id: true, name: true, email: true } },
  resource: { select: { id: true, name: true, kind: true } },
  grant: { select: { requestId: true, endsAt: true } },
  lease: { select: { accountId: true, region: true, documentName: true, clientRecording: true } },
  recordings: {
    where: { state: { not: 'announced' } },
    select: { id: true, state: true },
    orderBy: { startedAt: 'asc' },
  },
  missing: true,
} as const satisfies Prisma.SessionInclude;

type SessionRow = Prisma.SessionGetPayload<{ include: typeof parts }>;

/** A session with what belongs to it but is not of it. */
export interface StoredSession {
  readonly session: Session;
  /** Unix milliseconds. */
  readonly grantEndsAt: number;
  readonly accountId: string;
  readonly region: string;
  /** The Session document that it goes through. */
  readonly documentName: string;
  readonly recording: KnownRecording | null;
}

/** What is known of the client's recording of a session; null where none was to be made. */
export interface KnownRecording {
  readonly state: 'awaited' | 'stored' | 'missing' | 'removed';
  readonly ids: readonly string[];
}

const listMax = 200;

/** Sessions in the database. */
export class SessionStore {
  readonly #client: PrismaClient;
  constructor(client: PrismaClient) {
    this.#client = client;
  }

  async find(id: string): Promise<StoredSession | undefined> {
    const row = await this.#client.session.findUnique({ where: { id }, include: parts });
    return row ? stored(row) : undefined;
  }

  /** The newest first; of one person, or of everybody. */
  async list(filter: { personId?: string; closed?: boolean }): Promise<StoredSession[]> {
    const state = filter.closed === undefined ? undefined : filter.closed ? 'closed' : { not: 'closed' };
    const rows = await this.#client.session.findMany({
      where: { personId: filter.personId, state },
      include: parts,
      orderBy: { openedAt: 'desc' },
      take: listMax,
    });
    return rows.map(stored);
  }

  /** Sessions last heard of at or before a moment. */
  async silentSince(before: number): Promise<StoredSession[]> {
    const where = { state: { not: 'closed' }, lastSeenAt: { lte: new Date(before) } };
    return (await this.#client.session.findMany({ where, include: parts, take: 500 })).map(stored);
  }

  /** When the session that has been silent for longest was heard of. */
  async longestSilence(): Promise<number | undefined> {
    const { _min } = await this.#client.session.aggregate({
      where: { state: { not: 'closed' } },
      _min: { lastSeenAt: true },
    });
    return _min.lastSeenAt?.getTime();
  }

  /** Sessions of a grant that are not closed. */
  countLive(grantId: string): Promise<number> {
    return this.#client.session.count({ where: { grantId, state: { not: 'closed' } } });
  }

  /** Lets one session of a grant begin at a time and counts again. Throws LostRace when the limit is reached by now. */
  admit({ id, grantId }: Session): Write {
    return async (transaction) => {
      await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('session'), hashtext(${grantId}))`;
      const live = await transaction.session.count({ where: { grantId, state: { not: 'closed' } } });
      if (live >= limits.liveSessionsPerGrantMax) throw new LostRace(`session ${id}`);
    };
  }

  insert(session: Session): Write {
    const { id, version, grantId, leaseId, state, instanceId, clientVersion, localPort } = session;
    const data = { id, version, grantId, leaseId, state, instanceId, clientVersion, localPort };
    return async (transaction) => {
      await transaction.session.create({
        data: {
          ...data,
          personId: session.person.id,
          resourceId: session.resource.id,
          openedAt: new Date(session.openedAt),
          lastSeenAt: new Date(session.lastSeenAt),
        },
      });
    };
  }

  /** Saves what a decision made of a session. */
  save(session: Session): Write {
    const cut = 'cut' in session ? session.cut : null;
    return async (transaction) => {
      const { count } = await transaction.session.updateMany({
        where: { id: session.id, version: session.version - 1 },
        data: {
          state: session.state,
          version: session.version,
          ssmSessionId: session.ssmSessionId,
          lastSeenAt: new Date(session.lastSeenAt),
          bytesUp: BigInt(session.bytesUp),
          bytesDown: BigInt(session.bytesDown),
          endReason: 'endReason' in session ? session.endReason : null,
          closedAt: session.state === 'closed' ? new Date(session.closedAt) : null,
          cutBy: cut?.by ?? null,
          cutComment: cut?.comment ?? null,
        },
      });
      if (count !== 1) throw new LostRace(`session ${session.id}`);
    };
  }
}

function stored(row: SessionRow): StoredSession {
  return {
    session: sessionOf(row),
    grantEndsAt: row.grant.endsAt.getTime(),
    accountId: row.lease.accountId,
    region: row.lease.region,
    documentName: row.lease.documentName,
    recording: row.lease.clientRecording ? recordingOf(row) : null,
  };
}

function recordingOf({ recordings, missing }: SessionRow): KnownRecording {
  const ids = recordings.map(({ id }) => id);
  if (recordings.some(({ state }) => state === 'stored')) return { state: 'stored', ids };
  if (ids.length > 0) return { state: 'removed', ids };
  return { state: missing ? 'missing' : 'awaited', ids };
}

function sessionOf(row: SessionRow): Session {
  const base = {
    id: row.id,
    version: row.version,
    grantId: row.grantId,
    requestId: row.grant.requestId,
    leaseId: row.leaseId,
    person: row.person,
    resource: { ...row.resource, kind: row.resource.kind as Session['resource']['kind'] },
    instanceId: row.instanceId,
    ssmSessionId: row.ssmSessionId,
    clientVersion: row.clientVersion,
    localPort: row.localPort,
    openedAt: row.openedAt.getTime(),
    lastSeenAt: row.lastSeenAt.getTime(),
    bytesUp: Number(row.bytesUp),
    bytesDown: Number(row.bytesDown),
  };
  const cut = row.cutBy === null ? null : { by: row.cutBy, comment: row.cutComment ?? '' };
  const endReason = row.endReason as SessionEndReason;
  switch (row.state) {
    case 'closed':
      return {
        ...base,
        state: 'closed',
        closedAt: row.closedAt?.getTime() ?? base.lastSeenAt,
        endReason,
        cut,
      };
    case 'closing':
      return { ...base, state: 'closing', endReason, cut };
    default:
      return { ...base, state: row.state as 'opening' | 'open' | 'reconnecting' };
  }
}

/** When a session that was last heard of at `lastSeenAt` counts as lost. */
export function lostAt(lastSeenAt: number): number {
  return lastSeenAt + limits.heartbeatSilenceSeconds * 1000;
}

/** Who is to look again when a session has changed. */
export function sessionHint(session: Session, now: number): LiveHint {
  return {
    topic: 'session',
    id: session.id,
    version: session.version,
    at: now,
    audience: { people: [session.person.id], groups: [], roles: ['admin', 'auditor'] },
  };
}
