import {
  closeSession,
  hearSession,
  loseSession,
  openSession,
  personActor,
  terminateSession,
  type CloseOrder,
  type Decision,
  type Grant,
  type Heartbeat,
  type OpenSession,
  type Person,
  type Session,
  type SessionEndReason,
} from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { leaseSessionName } from '@sallyport/iam-policy';
import { Problem } from '@sallyport/problems';
import type { NewOutboxEntry, UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { DueJob } from '../../platform/jobs/due-work.ts';
import type { ResourceDirectory } from '../catalog/index.ts';
import type { GrantStore } from '../grants/index.ts';
import type { LeaseStore } from '../leases/index.ts';
import { lostAt, sessionHint, type SessionStore, type StoredSession } from './session.prisma-store.ts';

/** The topic of the entries that cut one session at AWS. */
export const terminateTopic = 'session.terminate';

/** Looked for silent ones no later than this after the last time; otherwise nobody could be heard meanwhile. Due work looks each 5 s. */
const deafAfterMs = 15_000;

export interface OpenSessionCommand {
  readonly grantId: string;
  readonly leaseId: string;
  readonly clientVersion: string;
  readonly localPort?: number | null;
}

/** Keeps the record of sessions: what clients tell, what administrators order, what silence means. */
export class ChangeSession {
  readonly #sessions: SessionStore;
  readonly #grants: GrantStore;
  readonly #leases: LeaseStore;
  readonly #directory: ResourceDirectory;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;
  /** Silence from before this process listened says nothing of the client. */
  #listeningSince: number;
  /** When it last looked for silent ones, and the database answered. */
  #lookedAt: number;

  constructor(
    stores: {
      readonly sessions: SessionStore;
      readonly grants: GrantStore;
      readonly leases: LeaseStore;
      readonly directory: ResourceDirectory;
    },
    unitOfWork: UnitOfWork,
    effects: Effects,
  ) {
    this.#sessions = stores.sessions;
    this.#grants = stores.grants;
    this.#leases = stores.leases;
    this.#directory = stores.directory;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
    this.#listeningSince = this.#lookedAt = effects.clock.now();
  }

  /** Refuses with GRANT_UNKNOWN, GRANT_NOT_ACTIVE, GRANT_ENDED, LEASE_UNKNOWN, LEASE_ENDED and SESSION_LIMITED. */
  open(person: Person, command: OpenSessionCommand): Promise<StoredSession> {
    return this.#unitOfWork.attempt(async () => {
      const [grant, lease, live] = await Promise.all([
        this.#grants.find(command.grantId),
        this.#leases.find(command.leaseId),
        this.#sessions.countLive(command.grantId),
      ]);
      if (!grant) throw new Problem('GRANT_UNKNOWN');
      if (!lease) throw new Problem('LEASE_UNKNOWN');
      const { clientVersion, localPort } = command;
      const wish = {
        ...{ person, lease, live, clientVersion, localPort: localPort ?? null },
        ...this.#targetOf(grant),
      };
      const { next, events } = accepted(openSession(grant, wish, this.#moment()));
      await this.#unitOfWork.commit({
        writes: [this.#sessions.admit(next), this.#sessions.insert(next)],
        events,
        hints: [sessionHint(next, this.#effects.clock.now())],
      });
      const stored = await this.#sessions.find(next.id);
      if (!stored) throw new Problem('SESSION_UNKNOWN');
      return stored;
    });
  }

  /** What the audit log is told of where it leads: Session Manager logs nothing of ports. */
  #targetOf({ resource: { name } }: Grant): Pick<OpenSession, 'target'> {
    const entry = this.#directory.byName(name)?.entry;
    return entry?.port == null ? {} : { target: { host: entry.host, port: entry.port } };
  }

  /** Refuses with SESSION_UNKNOWN, and with INPUT_INVALID when the SSM session is not of this grant. */
  hear(
    id: string,
    person: Person,
    beat: Heartbeat,
  ): Promise<{ stored: StoredSession; close: CloseOrder | null }> {
    return this.#unitOfWork.attempt(async () => {
      const found = await this.#mine(id, person);
      const grant = await this.#grants.find(found.session.grantId);
      if (!grant) throw new Problem('SESSION_UNKNOWN');
      demandOwnSsmSession(found.session, beat.ssmSessionId);
      const { next, events } = accepted(hearSession(found.session, beat, { person, grant }, this.#moment()));
      await this.#save(found.session, next.session, events);
      return { stored: { ...found, session: next.session }, close: next.close };
    });
  }

  /** Closing what is closed changes nothing. Refuses with SESSION_UNKNOWN. */
  close(
    id: string,
    person: Person,
    told: { reason: SessionEndReason; bytesUp: number; bytesDown: number },
  ): Promise<StoredSession> {
    return this.#unitOfWork.attempt(async () => {
      const found = await this.#mine(id, person);
      const command = { ...told, actor: personActor(person) };
      const { next, events } = accepted(closeSession(found.session, command, this.#moment()));
      await this.#save(found.session, next, events);
      return { ...found, session: next };
    });
  }

  /** Refuses with SESSION_UNKNOWN, ROLE_MISSING, REASON_REQUIRED, REASON_TOO_LONG and SESSION_CLOSED. */
  terminate(id: string, person: Person, reason: string): Promise<StoredSession> {
    return this.#unitOfWork.attempt(async () => {
      const found = await this.#sessions.find(id);
      if (!found) throw new Problem('SESSION_UNKNOWN');
      // Told once: a second cut would only replace the reason of the first.
      if (found.session.state === 'closing' && found.session.cut) return found;
      const { next, events } = accepted(terminateSession(found.session, { person, reason }, this.#moment()));
      await this.#save(found.session, next, events, [terminateEntry(id)]);
      return { ...found, session: next };
    });
  }

  /** Sessions that have been silent for too long close. */
  job(): DueJob {
    return {
      name: 'sessions',
      nextAt: async () => {
        const seen = await this.#sessions.longestSilence();
        this.#lookedAt = this.#effects.clock.now();
        return seen === undefined ? undefined : lostAt(Math.max(seen, this.#listeningSince));
      },
      run: async (now) => {
        // The machine slept, or its database was away: who was alive meanwhile could not say so.
        if (now - this.#lookedAt > deafAfterMs) this.#listeningSince = now;
        if (now < lostAt(this.#listeningSince)) return;
        for (const { session } of await this.#sessions.silentSince(now - lostAt(0)))
          await this.#lose(session.id);
      },
    };
  }

  async #lose(id: string): Promise<void> {
    await this.#unitOfWork.attempt(async () => {
      const found = await this.#sessions.find(id);
      const decision = found && loseSession(found.session, this.#moment());
      if (decision?.ok) await this.#save(found?.session, decision.next, decision.events);
    });
  }

  async #mine(id: string, person: Person): Promise<StoredSession> {
    const found = await this.#sessions.find(id);
    if (found?.session.person.id !== person.id) throw new Problem('SESSION_UNKNOWN');
    return found;
  }

  async #save(
    before: Session | undefined,
    after: Session,
    events: Extract<Decision<unknown>, { ok: true }>['events'],
    outbox: readonly NewOutboxEntry[] = [],
  ): Promise<void> {
    if (before === after) return;
    await this.#unitOfWork.commit({
      writes: [this.#sessions.save(after)],
      events,
      outbox,
      hints: [sessionHint(after, this.#effects.clock.now())],
    });
  }

  #moment() {
    return { now: this.#effects.clock.now(), ids: this.#effects.ids };
  }
}

function demandOwnSsmSession(session: Session, reported: string | null): void {
  if (reported !== null && !reported.startsWith(`${leaseSessionName(session.grantId)}-`))
    throw new Problem('INPUT_INVALID', {
      errors: [{ field: 'ssmSessionId', message: 'is not a session of this grant' }],
    });
}

function terminateEntry(sessionId: string): NewOutboxEntry {
  return { topic: terminateTopic, key: `session:${sessionId}:terminate`, payload: { sessionId } };
}

/** The decision when it is a yes; its refusal as a Problem otherwise. */
function accepted<T>(decision: Decision<T>): Extract<Decision<T>, { ok: true }> {
  if (decision.ok) return decision;
  throw new Problem(decision.refusal.code, decision.refusal);
}
