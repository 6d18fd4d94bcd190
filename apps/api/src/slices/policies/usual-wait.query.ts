import { Inject, Injectable } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';

const windowMs = 30 * 24 * 3600 * 1000;
const keptForMs = 30_000;

/** How long people usually wait for an answer of given groups: the median of the last 30 days. */
@Injectable()
export class UsualWait {
  readonly #client: PrismaClient;
  readonly #effects: Effects;
  readonly #kept = new Map<string, { at: number; seconds: Promise<number | null> }>();

  constructor(@Inject(PrismaClient) client: PrismaClient, @Inject(EFFECTS) effects: Effects) {
    this.#client = client;
    this.#effects = effects;
  }

  /** Seconds, or null when none of the groups has answered lately. At most half a minute old. */
  of(groups: readonly string[]): Promise<number | null> {
    const now = this.#effects.clock.now();
    const key = groups.join('\n');
    const kept = this.#kept.get(key);
    if (kept && now - kept.at < keptForMs) return kept.seconds;
    const seconds = this.#ask(groups, new Date(now - windowMs));
    this.#kept.set(key, { at: now, seconds });
    return seconds;
  }

  async #ask(groups: readonly string[], since: Date): Promise<number | null> {
    const [row] = await this.#client.$queryRaw<{ seconds: number | null }[]>`
      SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM v.at - r.created_at)::float8) AS seconds
      FROM review v JOIN access_request r ON r.id = v.request_id
      WHERE NOT v.automatic AND v.at > ${since} AND r.reviewers && ${[...groups]}::text[]`;
    return row?.seconds === null || row?.seconds === undefined ? null : Math.round(row.seconds);
  }
}
