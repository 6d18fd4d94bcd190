import { Allowance, DnsName, PublicKey } from '@sallyport/grant-token';
import { z } from 'zod';

const id = z.string().regex(/^[\w.:@/-]{1,128}$/);

/** What a grant of a subnet was approved for; the signer compares it with the catalogue. */
const network = z.strictObject({
  routes: z.array(Allowance).max(64),
  suffixes: z.array(DnsName).max(32),
});

const order = {
  /** By its name in the catalogue. */
  resource: z.string(),
  jti: id,
  grantId: id,
  personId: id,
  /** Unix milliseconds. */
  endsAt: z.number(),
};

export const agentTokenOrderForm = z.strictObject({
  ...order,
  agentId: id,
  /** Thumbprint of the client's key. */
  jkt: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  network,
});
export type AgentTokenOrder = z.infer<typeof agentTokenOrderForm>;

export const routeGrantOrderForm = z.strictObject({
  ...order,
  /** Null: the resource gets a virtual address. */
  network: network.nullable(),
});
export type RouteGrantOrder = z.infer<typeof routeGrantOrderForm>;

export const signedForm = z.strictObject({
  token: z.string(),
  /** Unix milliseconds. */
  expiresAt: z.number(),
  /** Of the key that signed. */
  kid: z.string(),
});
export type Signed = z.infer<typeof signedForm>;

export const signingKeysForm = z.strictObject({
  issuer: z.string(),
  /** Of the set below: it grows with each rotation. */
  serial: z.int().min(1),
  /** The one that signs now comes first. */
  keys: z.array(PublicKey).min(1).max(2),
  /** The set, signed by the key before it; null before the first rotation. */
  keySet: z.string().nullable(),
  /** The sets in the order of their rotations, this one last: who missed some follows them one by one. */
  keySets: z.array(z.string()).max(64),
});
export type SigningKeySet = z.infer<typeof signingKeysForm>;

/**
 * Signs what agents and helpers obey. It holds the private keys and nothing else does; it signs no text of a caller but
 * claims that it makes itself, for networks of the catalogue alone.
 */
export abstract class Signer {
  /** Refuses with SIGNER_UNAVAILABLE. */
  abstract keys(): Promise<SigningKeySet>;
  /** For 60 s at most. Refuses with SIGNER_REFUSED and SIGNER_UNAVAILABLE. */
  abstract signAgentToken(order: AgentTokenOrder): Promise<Signed>;
  /** For 24 h at most. Refuses with SIGNER_REFUSED and SIGNER_UNAVAILABLE. */
  abstract signRouteGrant(order: RouteGrantOrder): Promise<Signed>;
}
