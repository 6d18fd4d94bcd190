import { Problem, type ProblemCode } from '@sallyport/problems';
import type { Unreachable } from '../packet/answers.ts';

/** What a program is told when the far side could not be had. */
export type Failure =
  /** A reset, as the far side itself answered. */
  | 'reset'
  /** Nothing: its own retransmission tries again, and its own patience ends. */
  | 'silence'
  | { readonly unreachable: Unreachable };

const failures: Readonly<Partial<Record<ProblemCode, Failure>>> = {
  FLOW_REFUSED: 'reset',
  FLOW_TIMED_OUT: 'silence',
  FLOW_LIMITED: 'silence',
  FLOW_UNREACHABLE: { unreachable: 'host' },
  FLOW_NOT_GRANTED: { unreachable: 'prohibited' },
  REACH_ENDED: { unreachable: 'prohibited' },
  REACH_DOWN: { unreachable: 'network' },
};

/** The answer to a program whose conversation the reach refused: as near to the truth as TCP and ICMP have words. */
export function failureOf(error: unknown): Failure {
  const known = error instanceof Problem ? failures[error.code] : undefined;
  return known ?? { unreachable: 'host' };
}
