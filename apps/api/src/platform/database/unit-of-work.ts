import type { AuditEvent } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts';
import type { LiveHint, LiveHints } from '../live-hints/live-hints.ts';
import { auditRow } from './audit-rows.ts';
import { isTransient, LostRace, translated } from './database-refusal.ts';

/** A client bound to the transaction of one commit. */
export type Transaction = Prisma.TransactionClient;

/** One change of state; throws {@link LostRace} when the row is not at the version the decision was made on. */
export type Write = (transaction: Transaction) => Promise<void>;

/** Work to be done outside the database after the commit; queued once per key. */
export interface NewOutboxEntry {
  readonly topic: string;
  /** Derived from the thing itself, for example `grant:<id>:terminate:0`. */
  readonly key: string;
  readonly payload: Prisma.InputJsonObject;
  /** Unix milliseconds; default now. */
  readonly dueAt?: number;
}

/** What is committed together: state, the events that tell of it, and the work that follows from it. */
export interface Change {
  readonly writes: readonly Write[];
  readonly events: readonly AuditEvent[];
  readonly outbox?: readonly NewOutboxEntry[];
  readonly hints?: readonly LiveHint[];
}

const triesMax = 4;

/** The only way to save. A decision, its audit events and its outbox entries are one commit or none. */
export class UnitOfWork {
  readonly #client: PrismaClient;
  readonly #effects: Effects;
  readonly #hints: LiveHints;
  readonly #listeners = new Set<() => void>();

  constructor(client: PrismaClient, effects: Effects, hints: LiveHints) {
    this.#client = client;
    this.#effects = effects;
    this.#hints = hints;
  }

  /** Calls `listener` after each commit. Returns the function that ends the subscription. */
  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Commits a change, then hands out its hints. Throws LostRace or the Problem that a rule of the database means. */
  async commit(change: Change): Promise<void> {
    let auditPosition: bigint | undefined;
    try {
      auditPosition = await this.#client.$transaction((transaction) => this.#write(transaction, change));
    } catch (error) {
      throw isTransient(error)
        ? new LostRace('the database asks to try again', { cause: error })
        : translated(error);
    }
    this.#hints.publish([...(change.hints ?? []), ...this.#auditHints(change, auditPosition)]);
    for (const listener of this.#listeners) listener();
  }

  /** Loads, decides and commits; again from fresh facts when a race was lost. Refuses with STATE_CHANGED_MEANWHILE. */
  async attempt<T>(decideAndCommit: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await decideAndCommit();
      } catch (error) {
        if (!(error instanceof LostRace)) throw translated(error);
        if (tries === triesMax) throw new Problem('STATE_CHANGED_MEANWHILE', { cause: error });
      }
    }
  }

  async #write(transaction: Transaction, change: Change): Promise<bigint | undefined> {
    for (const write of change.writes) await write(transaction);
    const outbox = change.outbox ?? [];
    if (outbox.length > 0)
      await transaction.outboxEntry.createMany({ data: outbox.map((entry) => this.#row(entry)) });
    if (change.events.length === 0) return undefined;
    // Last, since positions are given one commit after the other.
    const rows = await transaction.auditEvent.createManyAndReturn({
      data: change.events.map(auditRow),
      select: { position: true },
    });
    return rows.at(-1)?.position;
  }

  #row(entry: NewOutboxEntry): Prisma.OutboxEntryCreateManyInput {
    const now = this.#effects.clock.now();
    return {
      id: this.#effects.ids.make('out'),
      topic: entry.topic,
      key: entry.key,
      payload: entry.payload,
      state: 'waiting',
      dueAt: new Date(entry.dueAt ?? now),
      createdAt: new Date(now),
    };
  }

  #auditHints(change: Change, position: bigint | undefined): LiveHint[] {
    const last = change.events.at(-1);
    if (!last || position === undefined) return [];
    const people = change.events.flatMap((event) => [event.actor.id, event.subject?.id]);
    return [
      {
        topic: 'audit',
        id: last.id,
        version: Number(position),
        at: last.at,
        audience: {
          people: [...new Set(people.filter((id) => typeof id === 'string'))],
          groups: [],
          roles: ['admin', 'auditor'],
        },
      },
    ];
  }
}
