import { Problem } from '@sallyport/problems';
import { troubleOf } from '../output/problem-text.ts';
import { cannotStart, type linesOf } from './lines.ts';

/** How a session that was gone on with has ended. */
export interface Outcome {
  /** What is printed last, as scripts expect it. */
  readonly line: string;
  readonly exitCode: number;
  /** What went wrong, for standard error. */
  readonly problem: unknown;
}

/** Of these the official program says that the session timed out. */
const lost: ReadonlySet<string> = new Set([
  ...['PLUGIN_SESSION_LOST', 'SSM_SESSION_GONE', 'PLUGIN_CREDENTIALS_MISSING', 'CHANNEL_LOST'],
]);

/** A session that was lost and could not be had back, or that broke in another way. */
export function brokenOutcome({ timedOut }: ReturnType<typeof linesOf>, problem: unknown): Outcome {
  const { exitCode, code, detail } = troubleOf(problem);
  return { line: lost.has(code) ? timedOut : cannotStart(detail), exitCode, problem };
}

/** What is said of a problem before the session could be gone on with. */
export function refusedOutcome(error: unknown): Outcome {
  const problem = error instanceof Problem ? error : new Problem('INTERNAL_ERROR', { cause: error });
  return { line: cannotStart(troubleOf(problem).detail), exitCode: problem.exitCode, problem };
}
