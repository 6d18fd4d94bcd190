import type { Clock } from '@sallyport/effects';
import type { Caller } from '../principals/caller.ts';
import type { PrincipalRegistry } from '../principals/registry.ts';
import { AwsError } from '../services/aws-error.ts';
import { readClaim, verifySignature, type Claim, type SignedRequest } from './signature.ts';

/** A caller whose signature was found good, with the scope it signed for. */
export interface Authenticated {
  readonly caller: Caller;
  readonly region: string;
  readonly service: string;
}

/** Finds out who signed a request. */
export class Authenticator {
  readonly #registry: PrincipalRegistry;
  readonly #clock: Clock;

  constructor(registry: PrincipalRegistry, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
  }

  /** The claim of a request. @throws AwsError `missing-authentication` or `incomplete-signature`. */
  claimOf(request: SignedRequest): Claim {
    const claim = readClaim(request);
    if (claim === undefined)
      throw AwsError.common('missing-authentication', 'Request is missing Authentication Token');
    return claim;
  }

  /** @throws AwsError for an unknown key, a wrong or stale signature, expired credentials. */
  async authenticate(claim: Claim, request: SignedRequest): Promise<Authenticated> {
    const { caller, secretAccessKey } = this.#registry.find(claim.accessKeyId, claim.sessionToken);
    await verifySignature(claim, secretAccessKey, request, this.#clock.now());
    this.#registry.refuseExpired(caller);
    return { caller, region: claim.region, service: claim.service };
  }
}
