/**
 * What the parts of a routed network believe of each other: signed statements in compact JWS form, always Ed25519, each with its own type.
 * The clock and the keys are handed in; signatures and digests come from the platform's Web Cryptography.
 */
export {
  fingerprint,
  generateKeyPair,
  PublicKey,
  signatureIsGood,
  signerOf,
  thumbprint,
  trust,
} from './keys.ts';
export type { PrivateKey, TokenSigner, TrustedKeys } from './keys.ts';
export {
  AgentTokenClaims,
  Allowance,
  Cidr,
  DnsName,
  routeGrantAudience,
  RouteGrantClaims,
} from './claims.ts';
export type { AgentCallClaims } from './claims.ts';
export { keyNamedBy } from './compact.ts';
export { signAgentToken, verifyAgentToken, type AgentTokenFacts } from './agent-token.ts';
export { signRouteGrant, verifyRouteGrant, type RouteGrantFacts } from './route-grant.ts';
export { agentCallScheme, signAgentCall, verifyAgentCall, type AgentRequest } from './agent-call.ts';
export { signKeySet, verifyKeySet } from './key-set.ts';
export * as limits from './limits.ts';
