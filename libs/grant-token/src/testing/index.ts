import type { AgentTokenClaims, RouteGrantClaims } from '../claims.ts';
import { generateKeyPair, signerOf, trust } from '../keys.ts';

/** Noon of a fixed day, in Unix milliseconds. */
export const testNow = Date.UTC(2026, 10, 21, 12);
export const testIssuer = 'https://sallyport.test';

/** One party with a key: an issuer, an agent, a client. */
export async function aKeyHolder() {
  const { privateKey, publicKey } = await generateKeyPair();
  return { privateKey, publicKey, signer: await signerOf(privateKey), trusted: await trust([publicKey]) };
}

/** Claims of a good agent token at {@link testNow} for the holder of `jkt`. */
export function agentClaims(jkt: string, but: Partial<AgentTokenClaims> = {}): AgentTokenClaims {
  const now = Math.floor(testNow / 1000);
  return {
    iss: testIssuer,
    aud: 'agt_1',
    jti: 'tok_1',
    sub: 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
    usr: 'per_1',
    nbf: now,
    exp: now + 60,
    cnf: { jkt },
    allow: [{ cidr: '10.20.0.0/24', ports: [[5432, 5432]], proto: 'tcp' }],
    suffixes: ['internal'],
    max_streams: 256,
    ...but,
  };
}

/** Claims of a good route grant at {@link testNow}. */
export function routeClaims(but: Partial<RouteGrantClaims> = {}): RouteGrantClaims {
  const now = Math.floor(testNow / 1000);
  return {
    iss: testIssuer,
    aud: 'sallyport-helper',
    jti: 'tok_2',
    sub: 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
    usr: 'per_1',
    nbf: now,
    exp: now + 3600,
    routes: [{ cidr: '10.20.0.0/24', ports: [[1, 65_535]], proto: 'tcp' }],
    names: [],
    suffixes: ['internal'],
    resolver: '10.20.0.2',
    ...but,
  };
}
