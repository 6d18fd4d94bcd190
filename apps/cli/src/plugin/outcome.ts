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

/** A session that was lost and could not be had back, or that broke in another way. */
export function brokenOutcome({ timedOut }: ReturnType<typeof linesOf>, problem: unknown): Outcome {
  const { exitCode, code, detail } = troubleOf(problem);
  const gone = ['PLUGIN_SESSION_LOST', 'SSM_SESSION_GONE', 'PLUGIN_CREDENTIALS_MISSING'].includes(code);
  return { line: gone ? timedOut : cannotStart(detail), exitCode, problem };
}

/** What is said of a problem before the session could be gone on with. */
export function refusedOutcome(error: unknown): Outcome {
  const problem = error instanceof Problem ? error : new Problem('INTERNAL_ERROR', { cause: error });
  return { line: cannotStart(troubleOf(problem).detail), exitCode: problem.exitCode, problem };
}
