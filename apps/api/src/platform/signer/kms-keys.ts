import type { Signing } from '@sallyport/catalog';
import { PublicKey, signatureIsGood, thumbprint, type TokenSigner } from '@sallyport/grant-token';
import { tokenSigning } from '@sallyport/iam-policy';
import { Problem } from '@sallyport/problems';
import { z } from 'zod';
import { AwsRefusal, type Answered, type SignedCalls } from '../aws/signed-call.ts';
import { attempts } from '../aws/client-settings.ts';
import { unsafe, type KnownKey, type PrivateKeys } from './private-keys.ts';

/** SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410). */
const publicKeyPrefix = Buffer.from('302a300506032b6570032100', 'hex');

const publicKeyForm = z.object({
  KeySpec: z.literal(tokenSigning.keySpec),
  KeyUsage: z.literal('SIGN_VERIFY'),
  PublicKey: z.base64(),
});
const signatureForm = z.object({ Signature: z.base64() });

/** Private keys that AWS KMS keeps and never hands out; which ones is the catalogue's to say. */
export class KmsKeys implements PrivateKeys {
  readonly #signing: Signing;
  readonly #calls: SignedCalls;

  constructor(signing: Signing, calls: SignedCalls) {
    this.#signing = signing;
    this.#calls = calls;
  }

  /** The first of the catalogue's list, then the one after the last in use. */
  async next(known: readonly KnownKey[]): Promise<KnownKey> {
    const names = this.#signing.keys.map(({ name }) => name);
    const last = known.at(-1);
    const at = last === undefined ? 0 : names.indexOf(last.name ?? '') + 1;
    const name = names[at];
    if (last !== undefined && at === 0)
      throw unsafe('the catalogue does not name the key in use (hub.signing)');
    if (name === undefined)
      throw unsafe('the catalogue names no further key: add one to hub.signing and deploy it first');
    return { name, publicKey: await this.#publicKey(name) };
  }

  async signer({ name, publicKey }: KnownKey): Promise<TokenSigner> {
    if (name === undefined) throw unsafe('a key of this folder is not one of KMS');
    const kept = await this.#publicKey(name);
    if (kept.kid !== publicKey.kid) throw unsafe(`the alias of ${name} leads to another key`);
    const kid = await thumbprint(publicKey);
    return { kid, publicKey: kept, sign: (input) => this.#sign(name, kept, input) };
  }

  /** A key of KMS is disabled by whoever deploys it. */
  forget(): void {}

  async #publicKey(name: string): Promise<PublicKey> {
    const answer = await this.#ask('GetPublicKey', { KeyId: this.#aliasOf(name) });
    const read = publicKeyForm.safeParse(answer);
    const der = read.success ? Buffer.from(read.data.PublicKey, 'base64') : Buffer.alloc(0);
    const prefix = der.subarray(0, publicKeyPrefix.length);
    if (der.length !== publicKeyPrefix.length + 32 || !prefix.equals(publicKeyPrefix))
      throw unsafe(`${name} is no Ed25519 key`);
    const x = der.subarray(publicKeyPrefix.length).toString('base64url');
    const bare = { kty: 'OKP', crv: 'Ed25519', x } as const;
    return { ...bare, kid: await thumbprint(bare) };
  }

  /** Verified before anybody sees it: an alias may have been moved since. */
  async #sign(name: string, publicKey: PublicKey, input: Uint8Array): Promise<Uint8Array> {
    if (input.length > tokenSigning.messageBytesMax)
      throw new Problem('SIGNER_REFUSED', {
        detail: `The signer refused: AWS KMS signs at most ${tokenSigning.messageBytesMax} bytes; ask for fewer ranges.`,
      });
    const answer = await this.#ask('Sign', {
      KeyId: this.#aliasOf(name),
      Message: Buffer.from(input).toString('base64'),
      MessageType: tokenSigning.messageType,
      SigningAlgorithm: tokenSigning.algorithm,
    });
    const read = signatureForm.safeParse(answer);
    const signature = new Uint8Array(read.success ? Buffer.from(read.data.Signature, 'base64') : []);
    if (!(await signatureIsGood(publicKey, input, signature)))
      throw unsafe(`what ${name} signs is not signed by the published key`);
    return signature;
  }

  #aliasOf(name: string): string {
    const key = this.#signing.keys.find((candidate) => candidate.name === name);
    if (key === undefined) throw unsafe(`the catalogue names no key ${name} (hub.signing)`);
    return key.aliasArn;
  }

  async #ask(operation: 'Sign' | 'GetPublicKey', input: object): Promise<unknown> {
    const { body } = await this.#calls.send(
      {
        service: 'kms',
        region: this.#signing.region,
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': `TrentService.${operation}`,
        },
        body: JSON.stringify(input),
        // A second signature over the same message is the same signature.
        attempts: attempts.reading,
      },
      refusalOf,
    );
    return membersOf(body);
  }
}

function membersOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // not an answer of KMS: it lacks every member
  }
}

function refusalOf({ status, body }: Answered): AwsRefusal {
  const { __type: type, message } = membersOf(body);
  const name = /[A-Za-z]+$/u.exec(typeof type === 'string' ? type : '')?.[0] ?? `HTTP${status}`;
  return new AwsRefusal(name, typeof message === 'string' ? message : '', status);
}
