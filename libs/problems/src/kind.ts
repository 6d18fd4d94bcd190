/** What a refusal or failure means to the caller; decides HTTP status and exit code. */
export type ProblemKind = keyof typeof kinds;

/** Status and exit code per kind. Exit codes 0 (done) and 130 (interrupted) are not problems. */
export const kinds = {
  invalid: { status: 422, exit: 2, meaning: 'fix the input' },
  unauthenticated: { status: 401, exit: 4, meaning: 'sign in first' },
  refused: { status: 403, exit: 5, meaning: 'policy says no; retrying will not help' },
  missing: { status: 404, exit: 6, meaning: 'not there, or not yours to know' },
  conflict: { status: 409, exit: 7, meaning: 'the state has moved on; read again' },
  pending: { status: 409, exit: 8, meaning: 'waiting for somebody' },
  limited: { status: 429, exit: 9, meaning: 'wait, then try again' },
  unavailable: { status: 503, exit: 10, meaning: 'a dependency failed' },
  local: { status: 500, exit: 11, meaning: 'something on this machine' },
  ended: { status: 409, exit: 12, meaning: 'the grant ended or was revoked' },
  bug: { status: 500, exit: 1, meaning: 'our fault; quote the id' },
} as const;
