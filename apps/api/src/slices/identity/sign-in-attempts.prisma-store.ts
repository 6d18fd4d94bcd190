import type { PrismaClient } from '../../generated/prisma/client.ts';

/** Failed sign-ins, counted where every process sees them. */
export class PrismaSignInAttemptStore {
  readonly #client: PrismaClient;
  constructor(client: PrismaClient) {
    this.#client = client;
  }

  /**
   * Writes a failure down before the password is looked at, so that many at once cannot slip through, and says how
   * many there are of each subject since `since`, this one included.
   */
  async begin(subjects: readonly string[], now: number, since: number): Promise<Attempt> {
    const at = new Date(now);
    const rows = await this.#client.signInAttempt.createManyAndReturn({
      data: subjects.map((subject) => ({ subject, at, succeeded: false })),
      select: { id: true },
    });
    const counts = await Promise.all(
      subjects.map(async (subject) => {
        const where = { subject, succeeded: false, at: { gt: new Date(since) } };
        const { _count, _min } = await this.#client.signInAttempt.aggregate({
          where,
          _count: true,
          _min: { at: true },
        });
        return { subject, count: _count, oldestAt: _min.at?.getTime() ?? now };
      }),
    );
    return { ids: rows.map(({ id }) => id), counts };
  }

  /** Takes an attempt back: it did not fail, or it was not looked at. */
  async takeBack(attempt: Attempt): Promise<void> {
    await this.#client.signInAttempt.deleteMany({ where: { id: { in: [...attempt.ids] } } });
  }

  /** Forgets what no longer counts. */
  async forget(before: number): Promise<void> {
    await this.#client.signInAttempt.deleteMany({ where: { at: { lt: new Date(before) } } });
  }
}

export interface Attempt {
  readonly ids: readonly bigint[];
  readonly counts: readonly { readonly subject: string; readonly count: number; readonly oldestAt: number }[];
}
