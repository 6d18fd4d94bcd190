import { Problem, type ProblemCode } from '@sallyport/problems';

interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const throttlings = /^(Throttl|TooManyRequests|RequestLimitExceeded|RequestThrottled|SlowDown)/;
/** Said of a signature whose time is too far from AWS's; the message is the only sign in the JSON protocols. */
const clockErrors =
  // Credentials are renewed before they expire by our clock: an expired token means that AWS's is ahead.
  /^(RequestTimeTooSkewed|RequestExpired|RequestInTheFuture|ExpiredToken(Exception)?)$/;
const clockWords = /signature (expired|not yet current)/i;
const missings = /^(InvalidDocument|DoesNotExist|InvalidInstanceID\.NotFound|ResourceNotFound)/;
/** What happens before a byte of the request has left. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);

/**
 * What the SDK threw, in our words. AWS_ANSWER_LOST when the call may have been carried out: the connection broke
 * after sending, no answer came in time, or AWS itself failed half-way (5xx).
 */
export function awsProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  const error = (thrown ?? {}) as SdkError;
  const code = problemCode(error);
  // The name is one of AWS's identifiers; its message may quote what we sent.
  const name = /^[A-Za-z][A-Za-z0-9.]{0,63}$/.test(error.name ?? '') ? error.name : 'an error without a name';
  const answered = error.$metadata?.httpStatusCode !== undefined;
  return new Problem(code, { cause: thrown, ...(answered ? { detail: `AWS answered ${name}.` } : {}) });
}

/** True when AWS said that the thing asked about does not exist. */
export function isMissing(thrown: unknown): boolean {
  return missings.test((thrown as SdkError | null)?.name ?? '');
}

function problemCode(error: SdkError): ProblemCode {
  const status = error.$metadata?.httpStatusCode;
  if (status !== undefined) {
    if (throttlings.test(error.name ?? '') || status === 429) return 'AWS_THROTTLED';
    if (clockErrors.test(error.name ?? '') || clockWords.test(error.message ?? ''))
      return 'AWS_CLOCK_DIFFERS';
    return status >= 500 ? 'AWS_ANSWER_LOST' : 'AWS_DENIED';
  }
  if (error.name === 'CredentialsProviderError') return 'AWS_CREDENTIALS_MISSING';
  if (neverSent.has(error.code ?? '')) return 'AWS_UNAVAILABLE';
  if (error.name === 'TimeoutError' && error.message?.includes('establish')) return 'AWS_UNAVAILABLE';
  return 'AWS_ANSWER_LOST';
}
