import { createCipheriv, createDecipheriv, hash } from 'node:crypto';
import type { AesGcm } from '../src/index.ts';

/** SHA-256 in one call, as the session takes it. */
export const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');

export const aesGcm: AesGcm = {
  encrypt: (key, nonce, plaintext) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  },
  decrypt: (key, nonce, sealed) => {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce);
    decipher.setAuthTag(sealed.subarray(sealed.length - 16));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    } catch {
      return undefined; // the tag does not match
    }
  },
};
