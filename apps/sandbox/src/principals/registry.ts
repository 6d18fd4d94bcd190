import type { Clock } from '@sallyport/effects';
import type { PolicyDocument } from '@sallyport/iam-policy';
import { AwsError } from '../services/aws-error.ts';
import { sessionArn, type KeyHolder, type World } from '../world/world.ts';
import type { Role } from '../world/principals-of-catalog.ts';
import type { Caller } from './caller.ts';
import type { Installation } from './installation.ts';
import type { TokenSeal } from './sealed-token.ts';

const invalidToken = 'The security token included in the request is invalid.';

/** The caller behind an access key, and the secret its signature must have been made with. */
export interface KnownKey {
  readonly caller: Caller;
  readonly secretAccessKey: string;
}

/** What policies hold for a caller. */
export interface PoliciesOfCaller {
  readonly identity: readonly PolicyDocument[];
  readonly boundary?: PolicyDocument;
  readonly session?: PolicyDocument;
}

/** Finds callers by their keys, and policies by their callers. */
export class PrincipalRegistry {
  readonly #world: World;
  readonly #installation: Installation;
  readonly #seal: TokenSeal;
  readonly #clock: Clock;

  constructor(world: World, installation: Installation, seal: TokenSeal, clock: Clock) {
    this.#world = world;
    this.#installation = installation;
    this.#seal = seal;
    this.#clock = clock;
  }

  /**
   * The key's owner. Expiry is judged by {@link refuseExpired}, after the signature.
   * @throws AwsError `unknown-key` for a key or token this installation did not make.
   */
  find(accessKeyId: string, sessionToken: string | undefined): KnownKey {
    return sessionToken === undefined
      ? this.#longLived(accessKeyId)
      : this.#temporary(accessKeyId, sessionToken);
  }

  #longLived(accessKeyId: string): KnownKey {
    const key = this.#installation.principals.find((candidate) => candidate.accessKeyId === accessKeyId);
    const holder = this.#world.keyHolders.find((candidate) => candidate.name === key?.name);
    if (key === undefined || holder === undefined) throw AwsError.common('unknown-key', invalidToken);
    return { caller: callerOf(holder, accessKeyId), secretAccessKey: key.secretAccessKey };
  }

  #temporary(accessKeyId: string, sessionToken: string): KnownKey {
    const sealed = this.#seal.open(sessionToken);
    const role = sealed && this.#world.roles.get(sealed.roleArn);
    if (sealed === undefined || role === undefined || sealed.accessKeyId !== accessKeyId)
      throw AwsError.common('unknown-key', invalidToken);
    const { roleSessionName, roleArn: _, accessKeyId: __, ...session } = sealed;
    return {
      caller: {
        type: 'AssumedRole',
        account: role.account,
        arn: sessionArn(role, roleSessionName),
        principalArn: role.arn,
        userId: `${role.id}:${roleSessionName}`,
        name: roleSessionName,
        accessKeyId,
        session,
      },
      secretAccessKey: this.#seal.secretOf(accessKeyId),
    };
  }

  /** @throws AwsError `expired-token` when temporary credentials are past their end. */
  refuseExpired({ session }: Caller): void {
    if (session !== undefined && this.#clock.now() >= session.expiresAt)
      throw AwsError.common('expired-token', 'The security token included in the request is expired');
  }

  /** Identity policies, boundary and session policy that stand over a caller now. */
  policiesOf(caller: Caller): PoliciesOfCaller {
    const role = this.#world.roles.get(caller.principalArn);
    if (role !== undefined)
      return {
        identity: [...role.policies, ...role.inline.values()],
        ...(role.boundary === undefined ? {} : { boundary: role.boundary }),
        ...(caller.session?.sessionPolicy === undefined ? {} : { session: caller.session.sessionPolicy }),
      };
    const holder = this.#world.keyHolders.find((candidate) => candidate.arn === caller.arn);
    return { identity: holder?.user?.policies ?? [] };
  }
}

/**
 * A holder with a role is a session of that role, named after the holder; it has no token and no end, as a process
 * under an instance profile never sees its credentials run out.
 */
function callerOf({ name, arn, role, user }: KeyHolder, accessKeyId: string): Caller {
  if (user !== undefined)
    return {
      type: 'IAMUser',
      account: user.account,
      arn,
      principalArn: arn,
      userId: user.id,
      name: user.name,
      accessKeyId,
    };
  const { account, arn: principalArn, id } = role as Role;
  return { type: 'AssumedRole', account, arn, principalArn, userId: `${id}:${name}`, name, accessKeyId };
}
