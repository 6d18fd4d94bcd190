import { createHmac, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import type { AliasedKey, World } from '../../world/world.ts';
import { AwsError } from '../aws-error.ts';

/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410). */
const privateKeyPrefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The keys of the emulated accounts that sign by Ed25519. Each follows from the installation's secret and its ARN, so it outlives a restart. */
export class SigningRing {
  readonly #keys: readonly AliasedKey[];
  readonly #symmetric: ReadonlySet<string>;
  readonly #secret: Uint8Array;

  constructor(world: Pick<World, 'signingKeys' | 'keys'>, secret: Uint8Array) {
    this.#keys = world.signingKeys;
    this.#symmetric = new Set(world.keys);
    this.#secret = secret;
  }

  /**
   * The key that an id, ARN, alias or alias ARN leads to from the caller's account and region; undefined when there is
   * none. An alias is resolved before anything is authorised, as by AWS.
   */
  find(keyId: string, account: string, region: string): AliasedKey | undefined {
    const at = (name: string) => `arn:aws:kms:${region}:${account}:${name}`;
    const full = keyId.startsWith('arn:') ? keyId : at(keyId.startsWith('alias/') ? keyId : `key/${keyId}`);
    return this.#keys.find(({ arn, aliasArn }) => arn === full || aliasArn === full);
  }

  /** @throws AwsError `NotFoundException`, or `InvalidKeyUsageException` for a key that encrypts. */
  refuse(keyId: string, account: string, region: string): never {
    const arn = keyId.startsWith('arn:') ? keyId : `arn:aws:kms:${region}:${account}:key/${keyId}`;
    if (this.#symmetric.has(arn))
      throw AwsError.own('InvalidKeyUsageException', `${arn} key usage is ENCRYPT_DECRYPT.`);
    const what = keyId.includes('alias/') ? 'Alias' : 'Key';
    throw AwsError.own('NotFoundException', `${what} ${arn} is not found.`);
  }

  /** 64 bytes: Ed25519 over the message itself (RFC 8032). */
  sign({ arn }: AliasedKey, message: Uint8Array): Buffer {
    return sign(null, message, this.#privateKey(arn));
  }

  /** SubjectPublicKeyInfo, DER. */
  publicKey({ arn }: AliasedKey): Buffer {
    return createPublicKey(this.#privateKey(arn)).export({ type: 'spki', format: 'der' });
  }

  #privateKey(arn: string): KeyObject {
    const seed = createHmac('sha256', this.#secret).update(`kms-sign:${arn}`).digest();
    const key = Buffer.concat([privateKeyPrefix, seed]);
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  }
}
