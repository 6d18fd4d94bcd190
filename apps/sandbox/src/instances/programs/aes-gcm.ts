import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { AesGcm } from '@sallyport/ssm-protocol';

const tagBytes = 16;

/** AES-256-GCM as the wire wants it: no additional data, the tag behind the ciphertext. */
export const aesGcm: AesGcm = {
  encrypt(key, nonce, plaintext) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  },
  decrypt(key, nonce, sealed) {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
    decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
    } catch {
      return undefined; // not sealed with this key
    }
  },
};
