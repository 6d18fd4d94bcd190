import { Problem } from '@sallyport/problems';
import { RouteGrantClaims } from './claims.ts';
import { openCompact, signCompact } from './compact.ts';
import type { TokenSigner, TrustedKeys } from './keys.ts';
import { routeGrantBytesMax, routeGrantSecondsMax } from './limits.ts';
import { judgeTimes } from './validity.ts';

/** What the helper knows when it judges a route grant; keys and issuer were fixed when it was installed. */
export interface RouteGrantFacts {
  readonly keys: TrustedKeys;
  readonly issuer: string;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Signs a route grant. Refuses SIGNED_TOKEN_MALFORMED. */
export async function signRouteGrant(claims: RouteGrantClaims, signer: TokenSigner): Promise<string> {
  const read = RouteGrantClaims.safeParse(claims);
  if (!read.success) throw new Problem('SIGNED_TOKEN_MALFORMED', { cause: read.error });
  const token = await signCompact('sallyport-route+jwt', read.data, signer);
  if (token.length > routeGrantBytesMax)
    throw new Problem('SIGNED_TOKEN_MALFORMED', { detail: 'The route grant is too large for the helper.' });
  return token;
}

/**
 * The claims of a good route grant. Refuses SIGNED_TOKEN_MALFORMED, _TYPE_WRONG, _KEY_UNKNOWN, _SIGNATURE_WRONG, _ISSUER_WRONG,
 * _AUDIENCE_WRONG, _LIFETIME_TOO_LONG, _EXPIRED, _NOT_YET_VALID. Which routes are ever acceptable is the helper's to judge.
 */
export async function verifyRouteGrant(token: string, facts: RouteGrantFacts): Promise<RouteGrantClaims> {
  const opened = await openCompact(token, 'sallyport-route+jwt', facts.keys, routeGrantBytesMax);
  if (isForAnother(opened)) throw new Problem('SIGNED_TOKEN_AUDIENCE_WRONG');
  const read = RouteGrantClaims.safeParse(opened);
  if (!read.success) throw new Problem('SIGNED_TOKEN_MALFORMED', { cause: read.error });
  if (read.data.iss !== facts.issuer) throw new Problem('SIGNED_TOKEN_ISSUER_WRONG');
  judgeTimes(read.data, facts.now, routeGrantSecondsMax);
  return read.data;
}

function isForAnother(opened: unknown): boolean {
  const audience = (opened as { aud?: unknown } | null)?.aud;
  return typeof audience === 'string' && audience !== RouteGrantClaims.shape.aud.value;
}
