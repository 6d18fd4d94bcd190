/**
 * Failures that every AWS service has but each protocol words differently. An operation throws one of these
 * kinds, or its own documented code; the protocol of the call gives it a body.
 */
export type CommonFailure =
  | 'access-denied'
  | 'missing-authentication'
  | 'incomplete-signature'
  | 'unknown-key'
  | 'bad-signature'
  | 'signature-expired'
  | 'expired-token'
  | 'throttled'
  | 'validation'
  | 'unknown-operation'
  | 'malformed'
  | 'too-large'
  | 'internal';

/** A call that AWS would refuse. `code` is a {@link CommonFailure} or a code of the service's own documentation. */
export class AwsError extends Error {
  readonly failure: CommonFailure | 'own';
  readonly ownCode: string;
  readonly status: number;

  private constructor(failure: CommonFailure | 'own', ownCode: string, status: number, message: string) {
    super(message);
    this.name = 'AwsError';
    this.failure = failure;
    this.ownCode = ownCode;
    this.status = status;
  }
  /** A failure every service has. */
  static common(failure: CommonFailure, message: string): AwsError {
    return new AwsError(failure, '', 400, message);
  }
  /** An error documented for one operation, for example `TargetNotConnected`. */
  static own(code: string, message: string, status = 400): AwsError {
    return new AwsError('own', code, status, message);
  }
}

/** How a protocol names the common failures. */
export type CodeTable = Readonly<Record<CommonFailure, { readonly code: string; readonly status: number }>>;

/** Code and status of an error in a protocol. */
export function codeOf(error: AwsError, table: CodeTable): { code: string; status: number } {
  return error.failure === 'own' ? { code: error.ownCode, status: error.status } : table[error.failure];
}
