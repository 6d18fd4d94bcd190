/** Encrypted payloads of KMS sessions (specification section 8). Port sessions never use them. */

/** AES-256-GCM without additional data; the tag (16 bytes) stands behind the ciphertext. Handed in. */
export interface AesGcm {
  encrypt(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** Undefined when the tag does not match. */
  decrypt(key: Uint8Array, nonce: Uint8Array, ciphertextAndTag: Uint8Array): Uint8Array | undefined;
}

const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;

/** The two keys in the 64-byte data key of KMS. Throws RangeError for any other length. */
export function splitDataKey(dataKey: Uint8Array): {
  readonly agentToClient: Uint8Array;
  readonly clientToAgent: Uint8Array;
} {
  if (dataKey.length !== 2 * keyBytes) throw new RangeError('a data key has 64 bytes');
  return { agentToClient: dataKey.subarray(0, keyBytes), clientToAgent: dataKey.subarray(keyBytes) };
}

/** nonce || ciphertext || tag. The nonce must never come twice with one key. */
export function sealPayload(
  gcm: AesGcm,
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const sealed = gcm.encrypt(key, nonce, plaintext);
  const payload = new Uint8Array(nonceBytes + sealed.length);
  payload.set(nonce);
  payload.set(sealed, nonceBytes);
  return payload;
}

/** The plaintext of a sealed payload; undefined when it is too short or not authentic. */
export function openPayload(gcm: AesGcm, key: Uint8Array, payload: Uint8Array): Uint8Array | undefined {
  if (payload.length < nonceBytes + tagBytes) return undefined;
  return gcm.decrypt(key, payload.subarray(0, nonceBytes), payload.subarray(nonceBytes));
}
