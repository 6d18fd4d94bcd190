import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import type { DueJob } from '../../platform/jobs/due-work.ts';
import type { LiveHints } from '../../platform/live-hints/live-hints.ts';
import { limits } from './limits.ts';

/** A grant that ended; `position` is that of its event in the audit, which is without gaps. */
interface Ended {
  readonly grantId: string;
  readonly position: number;
}

export interface EndedSince {
  readonly revoked: readonly { readonly grantId: string }[];
  readonly cursor: number;
}

/**
 * Tells agents of grants that ended, at once. What ended is read once for all agents that wait, when a commit tells of
 * a grant (and now and then, for what other processes commit); nothing is asked of the database for each agent that
 * waits.
 */
export class EndedGrants {
  readonly #client: PrismaClient;
  readonly #effects: Effects;
  readonly #waiting = new Set<(ended: readonly Ended[]) => void>();
  #seen: number | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #unsubscribe: () => void;

  constructor(client: PrismaClient, effects: Effects, hints: LiveHints) {
    this.#client = client;
    this.#effects = effects;
    this.#unsubscribe = hints.subscribe(({ topic }) => {
      if (topic === 'grant') void this.#look();
    });
  }

  /** How many agents wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  stop(): void {
    this.#unsubscribe();
    for (const tell of [...this.#waiting]) tell([]);
  }

  /** For what other processes commit. */
  job(): DueJob {
    return {
      name: 'ended-grants',
      nextAt: () => Promise.resolve(undefined),
      run: async () => {
        if (this.#waiting.size > 0) await this.#look();
      },
    };
  }

  /**
   * What ended after a cursor, at once when there is something, else when there is, or nothing after 25 s. Without a
   * cursor: the present one. `gone` ends the wait when the agent hangs up. Refuses with FILTER_INVALID.
   */
  async since(after: string | undefined, gone: AbortSignal): Promise<EndedSince> {
    if (after === undefined || after === '0') return { revoked: [], cursor: await this.#lastPosition() };
    const cursor = Number(after);
    if (!/^\d{1,15}$/.test(after)) throw new Problem('FILTER_INVALID', { detail: 'after is no cursor.' });
    // Waits first and looks then, so that nothing can end between.
    const news = this.#next(gone);
    const before = await this.#after(cursor).catch((error: unknown) => {
      news.end([]);
      throw error;
    });
    if (before.length > 0) news.end([]);
    const ended = before.length > 0 ? before : (await news.heard).filter(({ position }) => position > cursor);
    return {
      revoked: ended.map(({ grantId }) => ({ grantId })),
      cursor: Math.max(cursor, ...ended.map(({ position }) => position)),
    };
  }

  #next(gone: AbortSignal) {
    let end: (ended: readonly Ended[]) => void = () => undefined;
    const heard = new Promise<readonly Ended[]>((resolve) => (end = resolve));
    const patience = this.#effects.timers.after(limits.revocationWaitMs, () => end([]));
    const leave = () => end([]);
    gone.addEventListener('abort', leave, { once: true });
    this.#waiting.add(end);
    const settled = heard.finally(() => {
      this.#waiting.delete(end);
      this.#effects.timers.cancel(patience);
      gone.removeEventListener('abort', leave);
    });
    if (gone.aborted) end([]);
    return { heard: settled, end };
  }

  /** One look after the other, so that positions are handed out in their order. */
  #look(): Promise<unknown> {
    this.#turn = this.#turn
      .then(async () => {
        this.#seen ??= await this.#lastPosition(true);
        const ended = await this.#after(this.#seen);
        this.#seen = Math.max(this.#seen, ...ended.map(({ position }) => position));
        if (ended.length > 0) for (const tell of [...this.#waiting]) tell(ended);
      })
      .catch((error: unknown) => {
        const { code, name } = error as { code?: string; name?: string };
        this.#effects.log.write('error', 'ended grants: not read', { error: code ?? name });
      });
    return this.#turn;
  }

  async #after(position: number): Promise<Ended[]> {
    const rows = await this.#client.auditEvent.findMany({
      where: { type: 'grant.ended', position: { gt: position } },
      orderBy: { position: 'asc' },
      take: limits.revocationsPerAnswerMax,
      select: { position: true, grantId: true },
    });
    return rows.flatMap((row) =>
      row.grantId ? [{ grantId: row.grantId, position: Number(row.position) }] : [],
    );
  }

  /** The last event's; with `back`, a little earlier, so that what has just been committed is told. */
  async #lastPosition(back = false): Promise<number> {
    const { _max } = await this.#client.auditEvent.aggregate({ _max: { position: true } });
    return Math.max(0, Number(_max.position ?? 0) - (back ? limits.revocationsPerAnswerMax : 0));
  }
}
