import { Problem, type ProblemCode } from '@sallyport/problems';

/** A change that lost a race: somebody else's commit came first. Decide again from fresh facts. */
export class LostRace extends Error {
  override readonly name = 'LostRace';
}

/** What the rule of the database means, where a decision has the same rule under a code of its own. */
const codes: Readonly<Record<string, ProblemCode>> = {
  review_not_by_requester: 'REVIEW_BY_REQUESTER',
  grant_not_by_requester: 'REVIEW_BY_REQUESTER',
  review_once_per_request: 'REQUEST_NOT_PENDING',
  review_of_pending_request: 'REQUEST_NOT_PENDING',
  access_request_legal_transition: 'REQUEST_NOT_PENDING',
  review_facts_digest_matches: 'REVIEW_DIGEST_MISMATCH',
  review_denial_has_comment: 'REVIEW_COMMENT_REQUIRED',
  request_item_one_open_per_person_and_resource: 'REQUEST_ALREADY_OPEN',
  access_request_reason_length: 'REASON_TOO_LONG',
  grant_ended_is_final: 'GRANT_NOT_ACTIVE',
  grant_interval_of_active_grant: 'GRANT_NOT_ACTIVE',
  grant_interval_once_per_request: 'REQUEST_NOT_PENDING',
  access_request_extends_own_active_grant: 'GRANT_NOT_ACTIVE',
  grant_legal_transition: 'GRANT_NOT_ACTIVE',
  lease_needs_active_grant: 'GRANT_NOT_ACTIVE',
  agent_token_needs_active_grant: 'GRANT_NOT_ACTIVE',
  agent_token_needs_enrolled_agent: 'AGENT_NOT_ENROLLED',
  agent_join_token_once: 'AGENT_JOIN_REFUSED',
  session_needs_active_grant: 'GRANT_NOT_ACTIVE',
  session_needs_useful_lease: 'LEASE_ENDED',
  session_closed_is_final: 'SESSION_CLOSED',
  recording_of_own_recorded_session: 'RECORDING_NOT_WANTED',
  recording_legal_transition: 'RECORDING_ALREADY_STORED',
  recording_content_immutable: 'RECORDING_ALREADY_STORED',
};

interface DriverCause {
  readonly kind?: string;
  readonly originalCode?: string;
  readonly originalMessage?: string;
}

/** The driver's own account of an error, wherever Prisma put it. */
function driverCause(error: unknown): DriverCause | undefined {
  const seen = error as
    { meta?: { driverAdapterError?: { cause?: DriverCause } }; cause?: DriverCause } | null | undefined;
  return seen?.meta?.driverAdapterError?.cause ?? seen?.cause;
}

/** The name of the rule that refused, or undefined when none did. */
export function constraintOf(error: unknown): string | undefined {
  const cause = driverCause(error);
  return cause?.originalCode?.startsWith('23')
    ? /"(\w+)"[^"]*$/.exec(cause.originalMessage ?? '')?.[1]
    : undefined;
}

/** Deadlocks and serialisation failures: nothing happened, the same may be tried again. */
export function isTransient(error: unknown): boolean {
  const code = driverCause(error)?.originalCode;
  return code === '40001' || code === '40P01' || (error as { code?: string } | null)?.code === 'P2034';
}

const unreachable = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
]);

/** What the driver says, under Prisma's name, when there is no server behind the address or the connection broke. */
const lostConnection =
  /^(ENOENT|EPIPE|ENOTFOUND|EAI_AGAIN|E(CONN|TIMEDOUT|HOST|NET)[A-Z]*|P1001|P1002|P1008|P1017|P2024|P2028)$/;

/** Values that PostgreSQL cannot hold (NUL, half a character, a time or number out of range): the caller sent them. */
const unfitValue = new Set(['22003', '22008', '22021', '22P02', '22P05']);

/**
 * Translates what the database said, once and here: a named rule to its code, a value it cannot hold to bad input, a
 * lost connection to unavailable.
 */
export function translated(error: unknown): unknown {
  if (error instanceof Problem || error instanceof LostRace) return error;
  const rule = constraintOf(error);
  if (rule !== undefined) {
    const code = codes[rule];
    return code
      ? new Problem(code, { cause: error })
      : new Problem('STATE_CHANGE_FORBIDDEN', {
          detail: `The rule ${rule} refused the change.`,
          cause: error,
        });
  }
  const cause = driverCause(error);
  if (unfitValue.has(cause?.originalCode ?? ''))
    return new Problem('INPUT_INVALID', {
      detail: 'A value holds a character or a number that cannot be stored.',
      cause: error,
    });
  const { name, code } = (error ?? {}) as { name?: string; code?: string };
  const broken = name?.startsWith('PrismaClient') && lostConnection.test(code ?? '');
  if (unreachable.has(cause?.kind ?? '') || cause?.originalCode?.startsWith('57P') || broken)
    return new Problem('DATABASE_UNAVAILABLE', { cause: error });
  return error;
}
