import { Problem } from '@sallyport/problems';
import { base64url } from 'jose';
import { AgentCallClaims } from './claims.ts';
import { openCompact, signCompact } from './compact.ts';
import { trust, type PublicKey, type TokenSigner } from './keys.ts';
import { agentCallBytesMax, agentCallSecondsMax } from './limits.ts';
import { judgeTimes } from './validity.ts';

/** `Authorization: SallyportAgent <token>` on the requests of an agent. */
export const agentCallScheme = 'SallyportAgent';

/** One request as it goes over the wire. */
export interface AgentRequest {
  readonly method: 'GET' | 'POST';
  /** Path with query: `/api/agents/agt_1/revocations?after=4`. */
  readonly path: string;
  /** The body's bytes as sent; empty where there is none. */
  readonly body: Uint8Array;
}

/** Signs one request; `now` in Unix milliseconds, `jti` fresh for each request. */
export async function signAgentCall(
  request: AgentRequest,
  by: { agentId: string; audience: string; jti: string; now: number },
  signer: TokenSigner,
): Promise<string> {
  const at = Math.floor(by.now / 1000);
  const claims: AgentCallClaims = {
    iss: by.agentId,
    aud: by.audience,
    jti: by.jti,
    nbf: at,
    exp: at + agentCallSecondsMax,
    method: request.method,
    path: request.path,
    body: await digest(request.body),
  };
  return signCompact('sallyport-agent-call+jwt', claims, signer);
}

/**
 * Verifies that `request` was signed by the agent whose enrolled key is `key`. The times allow for an agent's clock that is a little off.
 * Replay within the minute is harmless where requests are idempotent; else remember `jti` until `exp`.
 * Refuses SIGNED_TOKEN_MALFORMED, _TYPE_WRONG, _KEY_UNKNOWN, _SIGNATURE_WRONG, _ISSUER_WRONG, _AUDIENCE_WRONG, _EXPIRED,
 * _NOT_YET_VALID, _LIFETIME_TOO_LONG, _REQUEST_WRONG.
 */
export async function verifyAgentCall(
  token: string,
  request: AgentRequest,
  facts: { key: PublicKey; agentId: string; audience: string; now: number },
): Promise<AgentCallClaims> {
  const keys = await trust([facts.key]);
  const opened = await openCompact(token, 'sallyport-agent-call+jwt', keys, agentCallBytesMax);
  const read = AgentCallClaims.safeParse(opened);
  if (!read.success) throw new Problem('SIGNED_TOKEN_MALFORMED', { cause: read.error });
  const claims = read.data;
  if (claims.iss !== facts.agentId) throw new Problem('SIGNED_TOKEN_ISSUER_WRONG');
  if (claims.aud !== facts.audience) throw new Problem('SIGNED_TOKEN_AUDIENCE_WRONG');
  judgeTimes(claims, facts.now, agentCallSecondsMax);
  const same = claims.method === request.method && claims.path === request.path;
  if (!same || claims.body !== (await digest(request.body))) throw new Problem('SIGNED_TOKEN_REQUEST_WRONG');
  return claims;
}

async function digest(body: Uint8Array): Promise<string> {
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(body))));
}
