import { grantAt, happened, personActor, type Person } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { promisedBody } from '../../platform/recordings/promised-body.ts';
import type { BodyPromise, RecordingVault } from '../../platform/recordings/recording-vault.ts';
import type { GrantStore } from '../grants/index.ts';
import { aboutRecording, recordingHint } from './about-recording.ts';
import { limits } from './limits.ts';
import type { AnnounceRecordingDto } from './recording.dto.ts';
import type {
  RecordingHead,
  RecordingQuota,
  RecordingRow,
  RecordingStore,
} from './recording.prisma-store.ts';

/** Takes recordings in: first the head, then the body. */
export class KeepRecording {
  readonly #recordings: RecordingStore;
  readonly #grants: GrantStore;
  readonly #vault: RecordingVault;
  readonly #quota: RecordingQuota;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(
    sources: {
      readonly recordings: RecordingStore;
      readonly grants: GrantStore;
      readonly vault: RecordingVault;
      readonly quota: RecordingQuota;
    },
    unitOfWork: UnitOfWork,
    effects: Effects,
  ) {
    this.#recordings = sources.recordings;
    this.#grants = sources.grants;
    this.#vault = sources.vault;
    this.#quota = sources.quota;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /**
   * The same head again changes nothing; another one replaces a head whose body has not come. Refuses as the README of
   * this slice lists.
   */
  async announce(person: Person, grantId: string, told: AnnounceRecordingDto): Promise<void> {
    const head = headOf(person, grantId, told);
    const now = this.#effects.clock.now();
    await this.#demandAccepted(person, head, now);
    const known = await this.#recordings.find(head.id);
    if (known && known.state !== 'announced') {
      if (isSame(known, head)) return;
      throw new Problem('RECORDING_ALREADY_STORED');
    }
    if (known && (known.sessionId !== head.sessionId || known.personId !== head.personId))
      throw new Problem('RECORDING_ALREADY_STORED');
    await this.#unitOfWork.commit({
      writes: [this.#recordings.announce(head, this.#quota, now)],
      events: [],
    });
  }

  async #demandAccepted(person: Person, head: RecordingHead, now: number): Promise<void> {
    if (head.bytes > limits.bytesMax) throw new Problem('RECORDING_TOO_LARGE');
    const [found, session] = await Promise.all([
      this.#grants.find(head.grantId),
      this.#recordings.session(head.sessionId),
    ]);
    if (found?.person.id !== person.id) throw new Problem('GRANT_UNKNOWN');
    if (session?.grantId !== head.grantId) throw new Problem('SESSION_UNKNOWN');
    if (!session.lease.clientRecording) throw new Problem('RECORDING_NOT_WANTED');
    const grant = grantAt(found, now);
    if (grant.state === 'ended' && now > grant.endedAt + limits.acceptedForMs)
      throw new Problem('RECORDING_TOO_LATE');
  }

  /** Once; the same body again changes nothing. Refuses as the README of this slice lists. */
  async keep(
    person: Person,
    id: string,
    body: AsyncIterable<Uint8Array>,
    bytesSaid: number | undefined,
  ): Promise<void> {
    const known = await this.#mine(person, id);
    const promise = { bytes: Number(known.bytes), sha256: known.sha256 };
    if ((bytesSaid ?? 0) > limits.bytesMax) throw new Problem('RECORDING_TOO_LARGE');
    if (bytesSaid !== undefined && bytesSaid !== promise.bytes)
      throw new Problem('RECORDING_DIGEST_MISMATCH', {
        detail: `${promise.bytes} bytes were announced, ${bytesSaid} are sent.`,
      });
    if (known.state !== 'announced') return demandSame(body, promise);
    await this.#vault.keep(id, this.#stillPromised(person, id, body, promise), promise);
    await this.#unitOfWork.attempt(() => this.#settle(person, id, promise));
  }

  /** A body that takes its time must not come to lie over another one, which was announced and stored meanwhile. */
  async *#stillPromised(
    person: Person,
    id: string,
    body: AsyncIterable<Uint8Array>,
    { sha256 }: BodyPromise,
  ): AsyncGenerator<Uint8Array> {
    yield* body;
    demandPromised(await this.#mine(person, id), sha256);
  }

  async #settle(person: Person, id: string, { sha256, bytes }: BodyPromise): Promise<void> {
    const row = await this.#mine(person, id);
    demandPromised(row, sha256);
    if (row.state !== 'announced') return;
    const { clock, ids } = this.#effects;
    const now = clock.now();
    const { complete } = row;
    const occasion = { actor: personActor(person), now, ids };
    const details = { recordingId: id, bytes, sha256, complete };
    await this.#unitOfWork.commit({
      writes: [this.#recordings.stored(id, sha256, now)],
      events: [happened(occasion, 'recording.stored', aboutRecording(row), details)],
      hints: [recordingHint(row.session, person.id, now)],
    });
  }

  async #mine(person: Person, id: string): Promise<RecordingRow> {
    const row = await this.#recordings.find(id);
    if (row?.personId !== person.id) throw new Problem('RECORDING_UNKNOWN');
    return row;
  }
}

function headOf(person: Person, grantId: string, told: AnnounceRecordingDto): RecordingHead {
  const startedAt = new Date(told.startedAt);
  const endedAt = typeof told.endedAt === 'string' ? new Date(told.endedAt) : null;
  for (const [field, at] of Object.entries({ startedAt, endedAt }))
    if (at && (Number.isNaN(at.getTime()) || at < startedAt))
      throw new Problem('INPUT_INVALID', { errors: [{ field, message: `${field} is no time that can be` }] });
  const { id, sessionId, bytes, sha256, complete } = told;
  return { id, sessionId, grantId, personId: person.id, startedAt, endedAt, bytes, sha256, complete };
}

function isSame(row: RecordingRow, head: RecordingHead): boolean {
  return (
    row.personId === head.personId &&
    row.sessionId === head.sessionId &&
    row.sha256 === head.sha256 &&
    Number(row.bytes) === head.bytes
  );
}

function demandPromised(row: RecordingRow, sha256: string): void {
  if (row.sha256 !== sha256)
    throw new Problem('RECORDING_DIGEST_MISMATCH', { detail: 'It was announced anew.' });
}

/** Refuses with RECORDING_ALREADY_STORED what is not the body that was stored. */
async function demandSame(body: AsyncIterable<Uint8Array>, promise: BodyPromise): Promise<void> {
  try {
    for await (const chunk of promisedBody(body, promise)) void chunk;
  } catch (error) {
    if (error instanceof Problem && error.code === 'RECORDING_DIGEST_MISMATCH')
      throw new Problem('RECORDING_ALREADY_STORED', { cause: error });
    throw error;
  }
}
