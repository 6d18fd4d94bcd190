import { Problem } from '@sallyport/problems';
import { AgentTokenClaims } from './claims.ts';
import { openCompact, signCompact } from './compact.ts';
import { thumbprint, type PublicKey, type TokenSigner, type TrustedKeys } from './keys.ts';
import { agentTokenBytesMax, agentTokenSecondsMax } from './limits.ts';
import { judgeTimes } from './validity.ts';

/** What an agent knows when it judges a token. */
export interface AgentTokenFacts {
  readonly keys: TrustedKeys;
  readonly issuer: string;
  /** The agent's own enrolment id. */
  readonly agentId: string;
  /** The key that the client has shown to hold. Whether it holds it is proved over the connection, not here. */
  readonly holder: PublicKey;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Signs an agent token. Refuses SIGNED_TOKEN_MALFORMED for claims without the agreed form, or too large for an agent to read. */
export async function signAgentToken(claims: AgentTokenClaims, signer: TokenSigner): Promise<string> {
  const read = AgentTokenClaims.safeParse(claims);
  if (!read.success) throw new Problem('SIGNED_TOKEN_MALFORMED', { cause: read.error });
  const token = await signCompact('sallyport-agent+jwt', read.data, signer);
  if (token.length > agentTokenBytesMax)
    throw new Problem('SIGNED_TOKEN_MALFORMED', {
      detail: `An agent token has at most ${String(agentTokenBytesMax)} bytes; narrow the list of ranges.`,
    });
  return token;
}

/**
 * The claims of a good agent token. Refuses SIGNED_TOKEN_MALFORMED, _TYPE_WRONG, _KEY_UNKNOWN, _SIGNATURE_WRONG, _ISSUER_WRONG,
 * _AUDIENCE_WRONG, _LIFETIME_TOO_LONG, _EXPIRED, _NOT_YET_VALID, _HOLDER_WRONG.
 */
export async function verifyAgentToken(token: string, facts: AgentTokenFacts): Promise<AgentTokenClaims> {
  const opened = await openCompact(token, 'sallyport-agent+jwt', facts.keys, agentTokenBytesMax);
  const read = AgentTokenClaims.safeParse(opened);
  if (!read.success) throw new Problem('SIGNED_TOKEN_MALFORMED', { cause: read.error });
  const claims = read.data;
  if (claims.iss !== facts.issuer) throw new Problem('SIGNED_TOKEN_ISSUER_WRONG');
  if (claims.aud !== facts.agentId) throw new Problem('SIGNED_TOKEN_AUDIENCE_WRONG');
  judgeTimes(claims, facts.now, agentTokenSecondsMax);
  if ((await thumbprint(facts.holder)) !== claims.cnf.jkt) throw new Problem('SIGNED_TOKEN_HOLDER_WRONG');
  return claims;
}
