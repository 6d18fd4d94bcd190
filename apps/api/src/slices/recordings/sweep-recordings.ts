import { happened, systemActor, type AuditSubject, type ResourceRef } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { LostRace } from '../../platform/database/database-refusal.ts';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { DueJob } from '../../platform/jobs/due-work.ts';
import type { RecordingVault } from '../../platform/recordings/recording-vault.ts';
import { aboutRecording, aboutSession, recordingHint } from './about-recording.ts';
import { limits } from './limits.ts';
import type { RecordedSession, RecordingRow, RecordingStore, UntoldLease } from './recording.prisma-store.ts';

const dayMs = 86_400_000;

/** Tells of recordings that did not come, and removes those whose time is over. */
export class SweepRecordings {
  readonly #recordings: RecordingStore;
  readonly #vault: RecordingVault;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;
  readonly #days: number;
  #leasesAt = 0;
  /** Bodies that lay there still when their days were over, by id, with the time of the next look. */
  readonly #kept = new Map<string, number>();

  constructor(
    sources: {
      readonly recordings: RecordingStore;
      readonly vault: RecordingVault;
    },
    unitOfWork: UnitOfWork,
    effects: Effects,
  ) {
    this.#recordings = sources.recordings;
    this.#vault = sources.vault;
    this.#days = sources.vault.days;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  jobs(): DueJob[] {
    return [
      {
        name: 'missing-recordings',
        nextAt: async () => {
          const closed = await this.#recordings.longestMissing(this.#effects.clock.now());
          return plus(closed, limits.missingAfterMs);
        },
        run: async (now) => {
          for (const session of await this.#recordings.missing(now - limits.missingAfterMs))
            await once(() => this.#tellMissing(session));
        },
      },
      {
        name: 'untold-leases',
        nextAt: () => Promise.resolve(this.#leasesAt),
        run: async (now) => {
          if (now < this.#leasesAt) return;
          this.#leasesAt = now + limits.leasesEveryMs;
          const until = now - limits.missingAfterMs;
          for (const lease of await this.#recordings.untold(until - limits.leasesBackMs, until))
            await once(() => this.#tellUntold(lease));
        },
      },
      {
        name: 'old-recordings',
        nextAt: async () => {
          const at = plus(await this.#recordings.oldestStored(this.#waiting()), this.#days * dayMs);
          return Math.min(at ?? Infinity, ...this.#kept.values());
        },
        run: async (now) => {
          for (const [id, at] of this.#kept) if (at <= now) this.#kept.delete(id);
          const before = now - this.#days * dayMs;
          for (const row of await this.#recordings.storedBefore(before, this.#waiting()))
            await once(() => this.#remove(row));
        },
      },
    ];
  }

  async #tellMissing(session: RecordedSession): Promise<void> {
    const occasion = this.#occasion();
    const came = session.recordings.filter(({ state }) => state !== 'announced').length;
    const details = {
      closedAt: session.closedAt?.getTime() ?? occasion.now,
      connected: session.ssmSessionId !== null,
      ...(came === 0 ? {} : { parts: came }),
    };
    await this.#unitOfWork.commit({
      writes: [this.#recordings.toldMissing(session.id, occasion.now)],
      events: [happened(occasion, 'recording.missing', aboutSession(session), details)],
      hints: [recordingHint(session, session.personId, occasion.now)],
    });
  }

  async #tellUntold(lease: UntoldLease): Promise<void> {
    const occasion = this.#occasion();
    const { id: leaseId, grantId, grant, person, accessKeyId } = lease;
    const about: AuditSubject = {
      resources: [{ ...grant.resource, kind: grant.resource.kind as ResourceRef['kind'] }],
      ...{ subject: person, requestId: grant.requestId, grantId, leaseId },
    };
    const details = { issuedAt: lease.intendedAt.getTime(), accessKeyId };
    await this.#unitOfWork.commit({
      writes: [this.#recordings.toldLease(leaseId, occasion.now)],
      events: [happened(occasion, 'recording.untold', about, details)],
    });
  }

  /** The body first: a head that says removed while the body lies there would be a lie. */
  async #remove(row: RecordingRow): Promise<void> {
    if (!(await this.#vault.remove(row.id)))
      return void this.#kept.set(row.id, this.#effects.clock.now() + limits.askedAgainAfterMs);
    const occasion = this.#occasion();
    const details = { recordingId: row.id, sha256: row.sha256, keptDays: this.#days };
    await this.#unitOfWork.commit({
      writes: [this.#recordings.removed(row.id, occasion.now)],
      events: [happened(occasion, 'recording.removed', aboutRecording(row), details)],
      hints: [recordingHint(row.session, row.personId, occasion.now)],
    });
  }

  #waiting(): string[] {
    return [...this.#kept.keys()];
  }

  #occasion() {
    const { clock, ids } = this.#effects;
    return { actor: systemActor, now: clock.now(), ids };
  }
}

function plus(at: number | undefined, milliseconds: number): number | undefined {
  return at === undefined ? undefined : at + milliseconds;
}

/** Another process may have done the same. */
async function once(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof LostRace)) throw error;
  }
}
