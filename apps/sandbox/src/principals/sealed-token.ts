import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Random } from '@sallyport/effects';
import type { RoleSession } from './caller.ts';

/** Everything a role session is: it lives in its token alone, so it outlives a restart of the sandbox. */
export interface SealedSession extends RoleSession {
  readonly accessKeyId: string;
  readonly roleArn: string;
  readonly roleSessionName: string;
}

const nonceBytes = 12;
const tagBytes = 16;
const inflatedBytesMax = 64 * 1024;

/** Seals role sessions into session tokens with the installation's key (AES-256-GCM over deflated JSON). */
export class TokenSeal {
  readonly #key: Uint8Array;
  readonly #random: Random;

  /** `key` is 32 bytes, random per installation. */
  constructor(key: Uint8Array, random: Random) {
    this.#key = key;
    this.#random = random;
  }

  /** The session token. */
  seal(session: SealedSession): string {
    const nonce = this.#random.bytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    const body = Buffer.concat([
      cipher.update(deflateRawSync(Buffer.from(JSON.stringify(session)))),
      cipher.final(),
    ]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
  }

  /** The session of a token, or undefined when this installation did not seal it. */
  open(token: string): SealedSession | undefined {
    const bytes = Buffer.from(token, 'base64');
    if (bytes.length <= nonceBytes + tagBytes) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    try {
      const plain = Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]);
      const json = inflateRawSync(plain, { maxOutputLength: inflatedBytesMax }).toString('utf8');
      return JSON.parse(json) as SealedSession;
    } catch {
      // Authentication failed: somebody else's token, or a changed one.
      return undefined;
    }
  }

  /** The secret access key of a temporary access key id: derived, so that it need not stand in the token. */
  secretOf(accessKeyId: string): string {
    return createHmac('sha256', this.#key).update(`secret:${accessKeyId}`).digest('base64').slice(0, 40);
  }
}
