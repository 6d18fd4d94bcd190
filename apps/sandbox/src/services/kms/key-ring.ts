import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { Random } from '@sallyport/effects';
import { AwsError } from '../aws-error.ts';

/** Names and values that a ciphertext is bound to. */
export type EncryptionContext = Readonly<Record<string, string>>;

const nonceBytes = 12;
const tagBytes = 16;
const form = 1;

/**
 * The symmetric keys of the emulated accounts. Each is derived from the installation's secret and its ARN, so it outlives a restart; a
 * ciphertext names its key, and is bound to its encryption context as additional data.
 */
export class KeyRing {
  readonly #arns: ReadonlySet<string>;
  readonly #secret: Uint8Array;
  readonly #random: Random;

  constructor(arns: readonly string[], secret: Uint8Array, random: Random) {
    this.#arns = new Set(arns);
    this.#secret = secret;
    this.#random = random;
  }

  /** The ARN of a key given by ARN, or by id in the caller's account and region. @throws AwsError `NotFoundException`. */
  find(keyId: string, account: string, region: string): string {
    const arn = keyId.startsWith('arn:') ? keyId : `arn:aws:kms:${region}:${account}:key/${keyId}`;
    if (!this.#arns.has(arn)) throw AwsError.own('NotFoundException', `Key '${arn}' does not exist`);
    return arn;
  }

  /** A fresh data key, plain and encrypted. */
  generate(arn: string, length: number, context: EncryptionContext) {
    const plaintext = this.#random.bytes(length);
    const nonce = this.#random.bytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#keyOf(arn), nonce);
    cipher.setAAD(additional(arn, context));
    const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    const name = Buffer.from(arn);
    const ciphertext = Buffer.concat([
      Buffer.from([form, name.length]),
      name,
      nonce,
      cipher.getAuthTag(),
      body,
    ]);
    return { plaintext, ciphertext };
  }

  /** The ARN that a ciphertext names; undefined for anything that no key made. */
  keyOfCiphertext(ciphertext: Uint8Array): string | undefined {
    if (ciphertext[0] !== form) return undefined;
    const arn = Buffer.from(ciphertext.subarray(2, 2 + (ciphertext[1] ?? 0))).toString('utf8');
    return this.#arns.has(arn) ? arn : undefined;
  }

  /** The plain data key; undefined when the context is another or the ciphertext was changed. */
  decrypt(ciphertext: Uint8Array, context: EncryptionContext): Uint8Array | undefined {
    const arn = this.keyOfCiphertext(ciphertext);
    const rest = Buffer.from(ciphertext.subarray(2 + (ciphertext[1] ?? 0)));
    if (arn === undefined || rest.length <= nonceBytes + tagBytes) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', this.#keyOf(arn), rest.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(additional(arn, context));
    decipher.setAuthTag(rest.subarray(nonceBytes, nonceBytes + tagBytes));
    try {
      return Buffer.concat([decipher.update(rest.subarray(nonceBytes + tagBytes)), decipher.final()]);
    } catch {
      return undefined; // sealed under another context
    }
  }

  #keyOf(arn: string): Uint8Array {
    return createHmac('sha256', this.#secret).update(`kms:${arn}`).digest();
  }
}

function additional(arn: string, context: EncryptionContext): Buffer {
  const pairs = Object.entries(context).sort(([left], [right]) => (left < right ? -1 : 1));
  return Buffer.from(JSON.stringify([arn, pairs]));
}
