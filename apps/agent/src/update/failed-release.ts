import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@sallyport/effects';
import { z } from 'zod';

const dayMs = 86_400_000;
/** The timer comes daily, up to six hours late: half a day less, so that the wait is in whole days. */
const slackMs = dayMs / 2;
const waitDaysMost = 32;

const Failed = z.strictObject({
  version: z.string().max(32),
  sha256: z.string().max(64),
  attempts: z.int().min(1),
  /** Unix milliseconds. */
  lastAt: z.number(),
});
type Failed = z.infer<typeof Failed>;

/**
 * Remembers the release that was tried and did not serve, beside the releases: it is tried again after 2, 4, 8 days and so on, 32 at most.
 * An attempt counts from before it is made, so that one which takes the machine down counts as well. Other bytes are another release.
 */
export class FailedRelease {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(folder: string, clock: Pick<Clock, 'now'>) {
    this.#path = join(folder, 'failed-release.json');
    this.#clock = clock;
  }

  /** When this release may be tried again, Unix milliseconds; undefined when it may be now. */
  waitsUntil(version: string, sha256: string): number | undefined {
    const known = this.#of(version, sha256);
    if (known === undefined) return undefined;
    const until = known.lastAt + Math.min(2 ** known.attempts, waitDaysMost) * dayMs - slackMs;
    // A clock that was set back must not make the wait longer than it is.
    const now = this.#clock.now();
    return now < until && now >= known.lastAt ? until : undefined;
  }

  /** An attempt begins. */
  trying(version: string, sha256: string): void {
    const attempts = (this.#of(version, sha256)?.attempts ?? 0) + 1;
    const failed: Failed = { version, sha256, attempts, lastAt: this.#clock.now() };
    writeFileSync(`${this.#path}.new`, `${JSON.stringify(failed)}\n`, { mode: 0o644 });
    renameSync(`${this.#path}.new`, this.#path);
  }

  /** It serves. */
  forget(): void {
    rmSync(this.#path, { force: true });
  }

  #of(version: string, sha256: string): Failed | undefined {
    const read = Failed.safeParse(readOrNothing(this.#path));
    return read.success && read.data.version === version && read.data.sha256 === sha256
      ? read.data
      : undefined;
  }
}

/** A file that is not there, or is no JSON, remembers nothing: the release is tried once more. */
function readOrNothing(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
