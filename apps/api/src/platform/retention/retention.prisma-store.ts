import type { Effects } from '@sallyport/effects';
import { Prisma, type PrismaClient } from '../../generated/prisma/client.ts';
import type { DueJob } from '../jobs/due-work.ts';

const dayMs = 86_400_000;

/** Days for which things are kept that nobody chooses. */
export const keptDays = {
  /** How late an agent may tell of conversations; records are kept at least as long. */
  agentTokens: 14,
  joinTokens: 30,
  outboxEntries: 30,
  /** What was given up is looked at by people first. */
  givenUp: 90,
  signIns: 30,
} as const;

/** Rows of one commit: short enough that nobody waits for it. */
export const batchRows = 1_000;
/** Batches of one table before others get their turn. */
const batchesPerTurn = 20;
const everyMs = 3_600_000;
/** When there was more than a turn takes. */
const againMs = 1_000;

interface Rule {
  readonly table: string;
  readonly days: number;
  /** Which rows are too old at `before`. */
  readonly tooOld: (before: Date) => Prisma.Sql;
}

function rulesOf(keepFlowsDays: number): readonly Rule[] {
  return [
    {
      table: 'flow_record',
      days: keepFlowsDays,
      tooOld: (before) => Prisma.sql`audited AND ended_at < ${before}`,
    },
    {
      table: 'agent_token',
      days: keptDays.agentTokens,
      tooOld: (before) => Prisma.sql`expires_at < ${before} AND NOT EXISTS
        (SELECT FROM access_grant g WHERE g.id = agent_token.grant_id AND g.state <> 'ended')`,
    },
    {
      table: 'agent_join_token',
      days: keptDays.joinTokens,
      tooOld: (before) => Prisma.sql`expires_at < ${before}`,
    },
    {
      table: 'outbox_entry',
      days: keptDays.outboxEntries,
      tooOld: (before) => Prisma.sql`state = 'done' AND settled_at < ${before}`,
    },
    {
      table: 'outbox_entry',
      days: keptDays.givenUp,
      tooOld: (before) => Prisma.sql`state = 'dead' AND settled_at < ${before}`,
    },
    {
      table: 'sign_in',
      days: keptDays.signIns,
      tooOld: (before) => Prisma.sql`expires_at < ${before}`,
    },
  ];
}

/** Removes what is kept for a time and not for ever. The audit log is none of it. */
export class Retention {
  readonly #client: PrismaClient;
  readonly #effects: Effects;
  readonly #rules: readonly Rule[];
  #nextAt = 0;

  constructor(client: PrismaClient, effects: Effects, keepFlowsDays: number) {
    this.#client = client;
    this.#effects = effects;
    this.#rules = rulesOf(keepFlowsDays);
  }

  job(): DueJob {
    return {
      name: 'retention',
      nextAt: () => Promise.resolve(this.#nextAt),
      run: async (now) => {
        if (now < this.#nextAt) return;
        // First, so that a table that cannot be tidied is not tried again with every commit.
        this.#nextAt = now + everyMs;
        let more = false;
        for (const rule of this.#rules) more = (await this.#tidy(rule, now)) || more;
        if (more) this.#nextAt = this.#effects.clock.now() + againMs;
      },
    };
  }

  /** True when there may be more than this turn took. */
  async #tidy(rule: Rule, now: number): Promise<boolean> {
    const before = new Date(now - rule.days * dayMs);
    const table = Prisma.raw(rule.table);
    let removed = 0;
    let last = batchRows;
    for (let batch = 0; batch < batchesPerTurn && last === batchRows; batch++) {
      last = await this.#client.$executeRaw`
        DELETE FROM ${table} WHERE ctid = ANY(ARRAY(
          SELECT ctid FROM ${table} WHERE ${rule.tooOld(before)} LIMIT ${batchRows}))`;
      removed += last;
    }
    if (removed > 0)
      this.#effects.log.write('info', 'retention: removed', { table: rule.table, rows: removed });
    return last === batchRows;
  }
}
