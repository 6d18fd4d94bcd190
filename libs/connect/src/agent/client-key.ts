import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { PublicKey } from '@sallyport/agent-protocol';

/** The key that a client proves possession of. Made in memory, never written, gone with the process. */
export interface ClientKey {
  readonly publicKey: PublicKey;
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** A new Ed25519 key. */
export function newClientKey(): ClientKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (x === undefined) throw new TypeError('an Ed25519 key has an x');
  return {
    publicKey: { kty: 'OKP', crv: 'Ed25519', x },
    sign: (bytes) => Promise.resolve(sign(null, bytes, privateKey)),
  };
}
