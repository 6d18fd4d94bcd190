import { Prisma, type PrismaClient } from '../../generated/prisma/client.ts';
import { Problem } from '@sallyport/problems';
import { LostRace } from '../../platform/database/database-refusal.ts';
import type { Transaction, Write } from '../../platform/database/unit-of-work.ts';
import { limits } from './limits.ts';
import type { RecordingState } from './recording.dto.ts';

const person = { select: { id: true, name: true, email: true } } as const;
const resource = { select: { id: true, name: true, kind: true } } as const;

/** What a recording is shown and told of with. */
export const recordingParts = {
  person,
  grant: { select: { requestId: true } },
  session: { select: { id: true, version: true, resource, lease: { select: { documentName: true } } } },
} as const satisfies Prisma.RecordingInclude;

export type RecordingRow = Prisma.RecordingGetPayload<{ include: typeof recordingParts }>;

const sessionParts = {
  person,
  resource,
  grant: { select: { requestId: true } },
  lease: { select: { clientRecording: true } },
  recordings: { select: { state: true } },
} as const satisfies Prisma.SessionInclude;

const leaseParts = {
  person,
  grant: { select: { requestId: true, resource } },
} as const satisfies Prisma.LeaseInclude;

export type UntoldLease = Prisma.LeaseGetPayload<{ include: typeof leaseParts }>;

export type RecordedSession = Prisma.SessionGetPayload<{ include: typeof sessionParts }>;

/** A head as it is announced. */
export interface RecordingHead {
  readonly id: string;
  readonly sessionId: string;
  readonly grantId: string;
  readonly personId: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly bytes: number;
  readonly sha256: string;
  readonly complete: boolean;
}

/** Most bytes that recordings may take. */
export interface RecordingQuota {
  readonly personBytesMax: number;
  readonly totalBytesMax: number;
}

/** Heads of recordings in the database. */
export class RecordingStore {
  readonly #client: PrismaClient;
  constructor(client: PrismaClient) {
    this.#client = client;
  }

  async find(id: string): Promise<RecordingRow | undefined> {
    const row = await this.#client.recording.findUnique({ where: { id }, include: recordingParts });
    return row ?? undefined;
  }

  async session(id: string): Promise<RecordedSession | undefined> {
    const row = await this.#client.session.findUnique({ where: { id }, include: sessionParts });
    return row ?? undefined;
  }

  /**
   * Heads come one after the other, so that two do not both fill the last place. Refuses with RECORDING_LIMITED and
   * RECORDING_QUOTA_EXCEEDED.
   */
  announce(head: RecordingHead, quota: RecordingQuota, now: number): Write {
    const { id, ...content } = head;
    const announced = { ...content, bytes: BigInt(head.bytes), announcedAt: new Date(now) };
    return async (transaction) => {
      await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('recording'))`;
      await demandRoom(transaction, head, quota, now);
      await transaction.recording.upsert({
        where: { id },
        create: { id, state: 'announced', ...announced },
        update: announced,
      });
    };
  }

  /** Throws LostRace when it is not waiting any more. */
  stored(id: string, sha256: string, now: number): Write {
    return this.#move(id, { state: 'announced', sha256 }, { state: 'stored', storedAt: new Date(now) });
  }

  removed(id: string, now: number): Write {
    return this.#move(id, { state: 'stored' }, { state: 'removed', removedAt: new Date(now) });
  }

  #move(
    id: string,
    from: { readonly state: RecordingState; readonly sha256?: string },
    data: Prisma.RecordingUpdateManyMutationInput,
  ): Write {
    return async (transaction) => {
      const { count } = await transaction.recording.updateMany({ where: { id, ...from }, data });
      if (count !== 1) throw new LostRace(`recording ${id}`);
    };
  }

  /** Those stored at or before a moment, some left out. */
  storedBefore(moment: number, but: readonly string[]): Promise<RecordingRow[]> {
    return this.#client.recording.findMany({
      where: { state: 'stored', storedAt: { lte: new Date(moment) }, id: { notIn: [...but] } },
      include: recordingParts,
      orderBy: { storedAt: 'asc' },
      take: 100,
    });
  }

  /** When the oldest that is kept was stored. */
  async oldestStored(but: readonly string[]): Promise<number | undefined> {
    const { _min } = await this.#client.recording.aggregate({
      where: { state: 'stored', id: { notIn: [...but] } },
      _min: { storedAt: true },
    });
    return _min.storedAt?.getTime();
  }

  /**
   * Sessions that were to be recorded, closed at or before a moment, and have no recording, or not all of it; not told of
   * yet.
   */
  async missing(moment: number): Promise<RecordedSession[]> {
    const found = await this.#client.$queryRaw<{ id: string }[]>`
      SELECT s.id ${lacking(new Date(moment))} ORDER BY s.closed_at LIMIT 100`;
    return this.#client.session.findMany({
      where: { id: { in: found.map(({ id }) => id) } },
      include: sessionParts,
      orderBy: { closedAt: 'asc' },
    });
  }

  /** When the first of them closed; those that close later than now are none yet. */
  async longestMissing(now: number): Promise<number | undefined> {
    const [found] = await this.#client.$queryRaw<{ closed_at: Date | null }[]>`
      SELECT min(s.closed_at) AS closed_at ${lacking(new Date(now))}`;
    return found?.closed_at?.getTime();
  }

  /**
   * Leases that demanded a recording, lapsed within a time, and under which no session of their grant was open; not told
   * of yet. A lease that brought a session back has that session.
   */
  async untold(from: number, until: number): Promise<UntoldLease[]> {
    const found = await this.#client.$queryRaw<{ id: string }[]>`
      SELECT l.id FROM lease l
      WHERE l.client_recording AND l.state IN ('issued', 'lapsed', 'cut', 'unknown')
        AND l.useful_until > ${new Date(from)} AND l.useful_until <= ${new Date(until)}
        AND NOT EXISTS (SELECT FROM untold_lease u WHERE u.lease_id = l.id)
        AND NOT EXISTS (
          SELECT FROM session s WHERE s.grant_id = l.grant_id AND s.person_id = l.person_id
            AND s.opened_at <= l.useful_until + interval '5 minutes'
            AND (s.closed_at IS NULL OR s.closed_at >= l.intended_at))
      ORDER BY l.useful_until LIMIT 100`;
    return this.#client.lease.findMany({
      where: { id: { in: found.map(({ id }) => id) } },
      include: leaseParts,
      orderBy: { usefulUntil: 'asc' },
    });
  }

  toldLease(leaseId: string, now: number): Write {
    return async (transaction) => {
      const data = [{ leaseId, toldAt: new Date(now) }];
      const { count } = await transaction.untoldLease.createMany({ data, skipDuplicates: true });
      if (count !== 1) throw new LostRace(`untold lease ${leaseId}`);
    };
  }

  toldMissing(sessionId: string, now: number): Write {
    return async (transaction) => {
      const data = [{ sessionId, toldAt: new Date(now) }];
      const { count } = await transaction.missingRecording.createMany({ data, skipDuplicates: true });
      if (count !== 1) throw new LostRace(`missing recording of ${sessionId}`);
    };
  }
}

async function demandRoom(
  transaction: Transaction,
  head: RecordingHead,
  quota: RecordingQuota,
  now: number,
): Promise<void> {
  const { personId, sessionId } = head;
  const others = { id: { not: head.id } };
  if ((await transaction.recording.count({ where: { ...others, sessionId } })) >= limits.perSessionMax)
    throw new Problem('RECORDING_LIMITED');
  const since = new Date(now - limits.announcedCountsMs);
  const taken = { ...others, OR: [{ state: 'stored' }, { state: 'announced', announcedAt: { gt: since } }] };
  const bytes = async (where: Prisma.RecordingWhereInput) =>
    Number((await transaction.recording.aggregate({ where, _sum: { bytes: true } }))._sum.bytes ?? 0n);
  const left = Math.min(
    quota.personBytesMax - (await bytes({ ...taken, personId })),
    quota.totalBytesMax - (await bytes(taken)),
  );
  if (head.bytes > left)
    throw new Problem('RECORDING_QUOTA_EXCEEDED', {
      detail: `${Math.max(0, left)} bytes are left.`,
      retryAfterSeconds: 3600,
    });
}

/**
 * Closed sessions that were to be recorded and of which something did not come: everything; a part that was announced;
 * or one that nobody announced, which leaves a hole between the times of the others (each begins before the last one
 * ends), or makes all together much shorter than the session. Times of one client are compared with one another alone.
 */
function lacking(moment: Date): Prisma.Sql {
  return Prisma.sql`
    FROM session s JOIN lease l ON l.id = s.lease_id
    WHERE s.state = 'closed' AND l.client_recording AND s.closed_at <= ${moment}
      AND NOT EXISTS (SELECT FROM missing_recording m WHERE m.session_id = s.id)
      AND (
        NOT EXISTS (SELECT FROM recording r WHERE r.session_id = s.id AND r.state <> 'announced')
        OR EXISTS (SELECT FROM recording r WHERE r.session_id = s.id AND r.state = 'announced' AND r.announced_at <= ${moment})
        OR EXISTS (
          SELECT FROM (
            SELECT r.started_at, max(coalesce(r.ended_at, 'infinity')) OVER
              (ORDER BY r.started_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered
            FROM recording r WHERE r.session_id = s.id AND r.state <> 'announced'
          ) part WHERE part.started_at > part.covered + interval '1 minute')
        OR s.closed_at - s.opened_at > interval '5 minutes' + (
          SELECT max(coalesce(r.ended_at, 'infinity')) - min(r.started_at)
          FROM recording r WHERE r.session_id = s.id AND r.state <> 'announced')
      )`;
}
