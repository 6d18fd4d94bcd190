import { happened, personActor, type Person } from '@sallyport/access-domain';
import { purposeOfDocument } from '@sallyport/catalog';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { ResourceKind } from '../../platform/http/references.dto.ts';
import type { RecordingVault } from '../../platform/recordings/recording-vault.ts';
import { aboutRecording } from './about-recording.ts';
import { limits } from './limits.ts';
import type { RecordingFilterDto, RecordingState, SessionRecordingDto } from './recording.dto.ts';
import { recordingParts, type RecordingRow, type RecordingStore } from './recording.prisma-store.ts';

const dayMs = 86_400_000;

/** Recordings for auditors. */
export class RecordingsQuery {
  readonly #client: PrismaClient;
  readonly #recordings: RecordingStore;
  readonly #vault: RecordingVault;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;
  readonly #keptMs: number;

  constructor(
    client: PrismaClient,
    sources: {
      readonly recordings: RecordingStore;
      readonly vault: RecordingVault;
    },
    unitOfWork: UnitOfWork,
    effects: Effects,
  ) {
    this.#client = client;
    this.#recordings = sources.recordings;
    this.#vault = sources.vault;
    this.#keptMs = sources.vault.days * dayMs;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** Those that came, the latest first; the bodies of some may be removed. Refuses with PAGE_CURSOR_INVALID. */
  async list(
    filter: RecordingFilterDto,
  ): Promise<{ items: SessionRecordingDto[]; nextCursor: string | null }> {
    const { cursor, person, resource, session, grant } = filter;
    const conditions: Prisma.RecordingWhereInput[] = [
      { state: { not: 'announced' } },
      person ? { person: { email: person.toLowerCase() } } : {},
      resource ? { session: { resource: { name: resource } } } : {},
      session ? { sessionId: session } : {},
      grant ? { grantId: grant } : {},
      cursor ? after(cursor) : {},
    ];
    const rows = await this.#client.recording.findMany({
      where: { AND: conditions },
      include: recordingParts,
      orderBy: [{ storedAt: 'desc' }, { id: 'asc' }],
      take: limits.pageSize + 1,
    });
    const page = rows.slice(0, limits.pageSize);
    const last = rows.length > limits.pageSize ? page.at(-1) : undefined;
    return {
      items: page.map((row) => this.#shown(row)),
      nextCursor: last?.storedAt ? `${last.storedAt.getTime()}.${last.id}` : null,
    };
  }

  /** Refuses with RECORDING_UNKNOWN. */
  async read(id: string): Promise<SessionRecordingDto> {
    return this.#shown(await this.#found(id));
  }

  /**
   * The encrypted body; told in the audit before anything is handed out. Refuses with RECORDING_UNKNOWN,
   * RECORDING_NOT_STORED, RECORDING_REMOVED and RECORDING_STORE_UNAVAILABLE.
   */
  async open(person: Person, id: string) {
    const row = await this.#found(id);
    if (row.state === 'announced') throw new Problem('RECORDING_NOT_STORED');
    if (row.state === 'removed') throw new Problem('RECORDING_REMOVED');
    const { body, bytes } = await this.#vault.read(id);
    const { clock, ids } = this.#effects;
    const occasion = { actor: personActor(person), now: clock.now(), ids };
    const { sha256 } = row;
    try {
      const details = { recordingId: id, sha256 };
      await this.#unitOfWork.commit({
        writes: [],
        events: [happened(occasion, 'recording.opened', aboutRecording(row), details)],
      });
    } catch (error) {
      body.destroy();
      throw error;
    }
    return { body, bytes, sha256 };
  }

  async #found(id: string): Promise<RecordingRow> {
    const row = await this.#recordings.find(id);
    if (!row) throw new Problem('RECORDING_UNKNOWN');
    return row;
  }

  #shown(row: RecordingRow): SessionRecordingDto {
    const { id, grantId, sessionId, person, sha256, complete, storedAt } = row;
    const iso = (at: Date | null) => at?.toISOString() ?? null;
    const kept = row.state === 'stored' && storedAt ? new Date(storedAt.getTime() + this.#keptMs) : null;
    return {
      ...{ id, grantId, sessionId, person, sha256, complete },
      state: row.state as RecordingState,
      purpose: purposeOfDocument(row.session.lease.documentName),
      resource: { ...row.session.resource, kind: row.session.resource.kind as ResourceKind },
      startedAt: row.startedAt.toISOString(),
      endedAt: iso(row.endedAt),
      bytes: Number(row.bytes),
      storedAt: iso(storedAt),
      keptUntil: iso(kept),
      removedAt: iso(row.removedAt),
    };
  }
}

/** What comes after a page's last one. */
function after(cursor: string): Prisma.RecordingWhereInput {
  const [, time, id] = /^(\d{1,15})\.([0-9a-f-]{36})$/.exec(cursor) ?? [];
  if (time === undefined || id === undefined) throw new Problem('PAGE_CURSOR_INVALID');
  const storedAt = new Date(Number(time));
  return { OR: [{ storedAt: { lt: storedAt } }, { storedAt, id: { gt: id } }] };
}
