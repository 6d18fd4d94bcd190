import type { Authenticator } from '../../authorise/authenticate.ts';
import type { Authoriser } from '../../authorise/authoriser.ts';
import { limits } from '../../limits.ts';
import { AwsError } from '../../services/aws-error.ts';

/** The database a token is shown to. */
export interface RdsEndpoint {
  readonly host: string;
  readonly port: number;
  readonly account: string;
  readonly region: string;
  readonly resourceId: string;
}

/** Judges the token that stands for a password: undefined when it is good, else why it is not. */
export type RdsSignIn = (token: string, user: string, endpoint: RdsEndpoint) => Promise<string | undefined>;

/**
 * Sign-in as RDS does it: the token is a presigned GET of the database's own host and port with `Action=connect` and the user, good
 * for 15 minutes, by somebody who may `rds-db:connect` as that user.
 */
export function rdsSignIn(authenticator: Authenticator, authoriser: Authoriser): RdsSignIn {
  return async (token, user, endpoint) => {
    try {
      await judge(token, user, endpoint, authenticator, authoriser);
      return undefined;
    } catch (error) {
      if (error instanceof AwsError) return error.message;
      throw error;
    }
  };
}

async function judge(
  token: string,
  user: string,
  endpoint: RdsEndpoint,
  authenticator: Authenticator,
  authoriser: Authoriser,
): Promise<void> {
  const refuse = (message: string) => AwsError.common('bad-signature', message);
  if (!URL.canParse(`https://${token}`)) throw refuse('the password is not a token');
  const url = new URL(`https://${token}`);
  const place = `${url.hostname}:${url.port}`.toLowerCase();
  if (place !== `${endpoint.host}:${endpoint.port}`.toLowerCase())
    throw refuse('the token is for another endpoint');
  if (url.searchParams.get('Action') !== 'connect' || url.searchParams.get('DBUser') !== user)
    throw refuse('the token is for another user');
  const request = {
    method: 'GET',
    path: url.pathname,
    query: url.searchParams,
    // The host as it was signed: in the letters that the token has.
    headers: { host: token.slice(0, token.search(/[/?]/)) },
    body: new Uint8Array(),
  };
  const claim = authenticator.claimOf(request);
  if ((claim.expiresSeconds ?? Infinity) > limits.databaseTokenSeconds)
    throw refuse('the token is good for longer than 15 minutes');
  const { caller, region, service } = await authenticator.authenticate(claim, request);
  if (service !== 'rds-db' || region !== endpoint.region)
    throw refuse('the token is for another service or region');
  // RDS asks IAM in the database's own account: users of others have no way in.
  if (caller.account !== endpoint.account) throw refuse('the token is of another account');
  authoriser.require(
    { caller, region, sourceIp: '127.0.0.1', userAgent: 'rds' },
    'rds-db:connect',
    `arn:aws:rds-db:${region}:${endpoint.account}:dbuser:${endpoint.resourceId}/${user}`,
  );
}
