import { Problem } from '@sallyport/problems';
import { calculateJwkThumbprint } from 'jose';
import { z } from 'zod';
import { trustedKeysMax } from './limits.ts';

/** An Ed25519 public key as a JWK (RFC 8037); `kid`, where given, is its RFC 7638 thumbprint. */
export const PublicKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  kid: z.string().max(64).optional(),
});
export type PublicKey = z.infer<typeof PublicKey>;

/** The private form; `d` never leaves the process that made or read it. */
export interface PrivateKey extends PublicKey {
  readonly d: string;
}

/** One who can sign: a key in this process, or a key that a service keeps. */
export interface TokenSigner {
  /** The thumbprint of the public key. */
  readonly kid: string;
  readonly publicKey: PublicKey;
  /** The 64 bytes of an Ed25519 signature over `input`. */
  sign(input: Uint8Array): Promise<Uint8Array>;
}

/** The public keys that a verifier trusts, by thumbprint: at most two. Make it with {@link trust}. */
export type TrustedKeys = ReadonlyMap<string, PublicKey>;

/** The RFC 7638 thumbprint of a key, base64url of SHA-256 (43 characters). */
export async function thumbprint(key: PublicKey): Promise<string> {
  return calculateJwkThumbprint({ kty: key.kty, crv: key.crv, x: key.x }, 'sha256');
}

/** How a thumbprint is shown to people: in groups, so that two screens can be compared. */
export function fingerprint(ofThumbprint: string): string {
  return `SHA256:${ofThumbprint}`;
}

/**
 * The set of keys a verifier trusts. Refuses SIGNED_TOKEN_MALFORMED: none or more than two keys, another kind of key, or a `kid` that is
 * not the key's thumbprint.
 */
export async function trust(keys: readonly unknown[]): Promise<TrustedKeys> {
  if (keys.length === 0 || keys.length > trustedKeysMax)
    throw new Problem('SIGNED_TOKEN_MALFORMED', {
      detail: `A verifier trusts one or two keys, not ${String(keys.length)}.`,
    });
  const trusted = new Map<string, PublicKey>();
  for (const candidate of keys) {
    const read = PublicKey.safeParse(candidate);
    if (!read.success) throw new Problem('SIGNED_TOKEN_MALFORMED', { detail: 'This is no Ed25519 key.' });
    const kid = await thumbprint(read.data);
    if (read.data.kid !== undefined && read.data.kid !== kid)
      throw new Problem('SIGNED_TOKEN_MALFORMED', { detail: 'The name of a key is not its thumbprint.' });
    trusted.set(kid, { kty: 'OKP', crv: 'Ed25519', x: read.data.x, kid });
  }
  return trusted;
}

/** A fresh key pair. Both carry their `kid`. */
export async function generateKeyPair(): Promise<{ privateKey: PrivateKey; publicKey: PublicKey }> {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new Error('The platform made no pair of keys.');
  const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey);
  const bare = { kty: 'OKP', crv: 'Ed25519', x: jwk.x ?? '' } as const;
  const publicKey = { ...bare, kid: await thumbprint(bare) };
  return { publicKey, privateKey: { ...publicKey, d: jwk.d ?? '' } };
}

/** A signer that holds its private key in this process. */
export async function signerOf(privateKey: PrivateKey): Promise<TokenSigner> {
  const { kty, crv, x, d } = privateKey;
  const key = await crypto.subtle.importKey('jwk', { kty, crv, x, d }, 'Ed25519', false, ['sign']);
  const kid = await thumbprint(privateKey);
  return {
    kid,
    publicKey: { kty, crv, x, kid },
    sign: async (input) => new Uint8Array(await crypto.subtle.sign('Ed25519', key, Uint8Array.from(input))),
  };
}

/** Whether `signature` over `input` was made with the private half of `key`. A malformed key or signature is a no. */
export async function signatureIsGood(
  key: PublicKey,
  input: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  try {
    const { kty, crv, x } = PublicKey.parse(key);
    const imported = await crypto.subtle.importKey('jwk', { kty, crv, x }, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify(
      'Ed25519',
      imported,
      Uint8Array.from(signature),
      Uint8Array.from(input),
    );
  } catch {
    return false;
  }
}
