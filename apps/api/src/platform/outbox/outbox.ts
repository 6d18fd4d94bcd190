import type { Effects, TimerHandle } from '@sallyport/effects';
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';

/**
 * Does the work of one topic. It may be called again for the same key: what is done must stay done. What it gives is
 * kept with the entry as evidence.
 */
export type OutboxHandler = (
  payload: Prisma.JsonObject,
  entry: { key: string; attempts: number },
) => Promise<Prisma.InputJsonObject | void>;

/**
 * Entries in hand at the same time; each holds one connection. What waits for machines (`slow`: a minute for each) has
 * workers of its own, so that nothing prompt, such as the end of a session, ever waits behind it.
 */
const workersMax = { prompt: 4, slow: 1 } as const;
type LaneName = keyof typeof workersMax;

/** Work that was given up, of one topic. */
export interface GivenUp {
  readonly topic: string;
  readonly entries: number;
  readonly lastAt: Date;
  /** A code, or the name of an error. */
  readonly lastError: string;
}

/** The workers of one kind of topics. */
interface Lane {
  readonly workersMax: number;
  readonly topics: string[];
  readonly working: Set<Promise<void>>;
  /** A wake came while every worker was busy. */
  again: boolean;
}
/** Commits wake the outbox; the poll is for entries of other processes and for what a crash left. */
const pollMs = 2_000;
/** At half a minute's distance about an hour: longer than most outages. */
const attemptsUsual = 120;
const firstRetryMs = 500;
const longestRetryMs = 30_000;
/** Longer than any handler takes: the transaction that holds the row. */
const handlerPatienceMs = 60_000;

interface Claimed {
  id: string;
  topic: string;
  key: string;
  payload: Prisma.JsonObject;
  attempts: number;
}

/**
 * Does after the commit what a commit decided, at least once. The row stays locked by the transaction that works on
 * it, so a process that is killed frees it at once and another one never takes it twice at the same moment.
 */
export class Outbox {
  readonly #client: PrismaClient;
  readonly #effects: Effects;
  readonly #handlers = new Map<string, { readonly handle: OutboxHandler; readonly attemptsMax: number }>();
  readonly #lanes: Readonly<Record<LaneName, Lane>> = { prompt: laneOf('prompt'), slow: laneOf('slow') };
  readonly #unsubscribe: () => void;
  #poll: TimerHandle | undefined;
  #next: TimerHandle | undefined;
  #stopped = true;

  constructor(client: PrismaClient, effects: Effects, unitOfWork: UnitOfWork) {
    this.#client = client;
    this.#effects = effects;
    this.#unsubscribe = unitOfWork.onCommit(() => this.wake());
  }

  /** Says who does the work of a topic, and after how many failures it is given up; before {@link start}. */
  register(
    topic: string,
    handle: OutboxHandler,
    given: { readonly attemptsMax?: number; readonly lane?: LaneName } = {},
  ): void {
    if (this.#handlers.has(topic)) throw new Error(`the topic ${topic} has its handler`);
    this.#handlers.set(topic, { handle, attemptsMax: given.attemptsMax ?? attemptsUsual });
    this.#lanes[given.lane ?? 'prompt'].topics.push(topic);
  }

  start(): void {
    this.#stopped = false;
    this.#poll = this.#effects.timers.every(pollMs, () => this.wake());
    this.wake();
  }

  /** Resolves when the entries in hand are settled or given back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    for (const timer of [this.#poll, this.#next]) if (timer) this.#effects.timers.cancel(timer);
    await Promise.all(this.#inHand());
  }

  /** Looks for due entries now. */
  wake(): void {
    for (const lane of Object.values(this.#lanes)) if (lane.topics.length > 0) this.#wake(lane);
  }

  #wake(lane: Lane): void {
    if (this.#stopped) return;
    if (lane.working.size >= lane.workersMax) {
      lane.again = true;
      return;
    }
    const work: Promise<void> = this.#drain(lane).finally(() => {
      lane.working.delete(work);
      if (lane.again) {
        lane.again = false;
        this.#wake(lane);
      }
    });
    lane.working.add(work);
  }

  #inHand(): Promise<void>[] {
    return Object.values(this.#lanes).flatMap(({ working }) => [...working]);
  }

  /** Resolves when nothing is in hand; for tests and the simulation. */
  async idle(): Promise<void> {
    for (let inHand = this.#inHand(); inHand.length > 0; inHand = this.#inHand()) await Promise.all(inHand);
  }

  /** Entries that were given up and not removed yet, by topic: each is work that nobody will do. */
  async givenUp(): Promise<GivenUp[]> {
    const found = await this.#client.$queryRaw<(Omit<GivenUp, 'entries'> & { entries: bigint })[]>`
      SELECT topic, count(*) AS entries, max(settled_at) AS "lastAt",
        (array_agg(coalesce(last_error, 'unknown') ORDER BY settled_at DESC))[1] AS "lastError"
      FROM outbox_entry WHERE state = 'dead' GROUP BY topic ORDER BY topic`;
    return found.map((each) => ({ ...each, entries: Number(each.entries) }));
  }

  async #drain(lane: Lane): Promise<void> {
    try {
      while (!this.#stopped && (await this.#workOnOne(lane)));
      await this.#armForNext();
    } catch (error) {
      // The database does not answer; the poll tries again.
      this.#effects.log.write('warn', 'outbox: the database does not answer', { error: nameOf(error) });
    }
  }

  async #workOnOne(lane: Lane): Promise<boolean> {
    const now = new Date(this.#effects.clock.now());
    const { topics } = lane;
    return this.#client.$transaction(
      async (transaction) => {
        const [entry] = await transaction.$queryRaw<Claimed[]>`
          SELECT id, topic, key, payload, attempts FROM outbox_entry
          WHERE state = 'waiting' AND due_at <= ${now} AND topic = ANY(${topics})
          ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED`;
        if (!entry) return false;
        // There may be more: one worker at a time is added while work is found.
        if (lane.working.size < lane.workersMax) this.#wake(lane);
        await transaction.outboxEntry.update({ where: { id: entry.id }, data: await this.#handle(entry) });
        return true;
      },
      { timeout: handlerPatienceMs, maxWait: handlerPatienceMs },
    );
  }

  async #handle(entry: Claimed): Promise<Prisma.OutboxEntryUpdateInput> {
    const attempts = entry.attempts + 1;
    const handler = this.#handlers.get(entry.topic);
    try {
      const result = await handler?.handle(entry.payload, { key: entry.key, attempts });
      return {
        state: 'done',
        attempts,
        settledAt: new Date(this.#effects.clock.now()),
        lastError: null,
        ...(result ? { result } : {}),
      };
    } catch (error) {
      const dead = attempts >= (handler?.attemptsMax ?? attemptsUsual);
      const lastError = nameOf(error);
      this.#effects.log.write(dead ? 'error' : 'warn', dead ? 'outbox: given up' : 'outbox: will try again', {
        topic: entry.topic,
        key: entry.key,
        attempts,
        error: lastError,
      });
      const now = this.#effects.clock.now();
      return dead
        ? { state: 'dead', attempts, lastError, settledAt: new Date(now) }
        : { attempts, lastError, dueAt: new Date(now + this.#backOff(attempts)) };
    }
  }

  /** Doubles from half a second to half a minute, with up to half of it by chance. */
  #backOff(attempts: number): number {
    const full = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(attempts - 1, 16));
    return full / 2 + (full / 2) * this.#effects.random.fraction();
  }

  async #armForNext(): Promise<void> {
    if (this.#stopped) return;
    const next = await this.#client.outboxEntry.findFirst({
      where: { state: 'waiting', topic: { in: [...this.#handlers.keys()] } },
      orderBy: { dueAt: 'asc' },
      select: { dueAt: true },
    });
    if (this.#next) this.#effects.timers.cancel(this.#next);
    this.#next = undefined;
    const inMs = next ? next.dueAt.getTime() - this.#effects.clock.now() : pollMs;
    // What is due already and yet not ours is held by another worker: the poll looks again.
    if (inMs > 0 && inMs < pollMs) this.#next = this.#effects.timers.after(inMs, () => this.wake());
  }
}

function laneOf(name: LaneName): Lane {
  return { workersMax: workersMax[name], topics: [], working: new Set(), again: false };
}

/** The code or class of an error; never its message, which may quote foreign text. */
function nameOf(error: unknown): string {
  const seen = error as { code?: unknown; name?: unknown } | null;
  if (typeof seen?.code === 'string') return seen.code;
  return typeof seen?.name === 'string' ? seen.name : 'unknown';
}
