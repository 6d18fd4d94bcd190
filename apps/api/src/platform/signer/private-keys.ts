import { rmSync, statSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeyPair, PublicKey, signerOf, type TokenSigner } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';

/** What is known of a key without its private half. */
export interface KnownKey {
  readonly publicKey: PublicKey;
  /** What the keeper of its private half calls it; undefined where its thumbprint says enough. */
  readonly name?: string | undefined;
}

/** Where the private halves are. Everything else of the signing keys is public. */
export interface PrivateKeys {
  /** A key that has never signed. `known` are those in use. Refuses with SIGNER_KEYS_UNSAFE when there is none. */
  next(known: readonly KnownKey[]): Promise<KnownKey>;
  /** Refuses with SIGNER_KEYS_UNSAFE when what is kept is another key than the known one. */
  signer(key: KnownKey): Promise<TokenSigner>;
  /** Makes the key unusable here, where that is ours to do. */
  forget(key: KnownKey): void;
}

const privateForm = PublicKey.extend({ d: PublicKey.shape.x });

/** Private keys as files of a folder (0600), for the sandbox. */
export class FileKeys implements PrivateKeys {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async next(): Promise<KnownKey> {
    const { privateKey, publicKey } = await generateKeyPair();
    writePrivate(this.#path(publicKey), privateKey);
    return { publicKey };
  }

  async signer({ publicKey }: KnownKey): Promise<TokenSigner> {
    const read = privateForm.safeParse(readOwn(this.#path(publicKey)));
    if (!read.success) throw unsafe('a key file does not have its form');
    const signer = await signerOf(read.data);
    if (signer.kid !== publicKey.kid) throw unsafe('a key file holds another key');
    return signer;
  }

  forget({ publicKey }: KnownKey): void {
    rmSync(this.#path(publicKey), { force: true });
  }

  #path(key: PublicKey): string {
    return join(this.#folder, `${kidOf(key)}.json`);
  }
}

/** The thumbprint of a key that has one. Refuses with SIGNER_KEYS_UNSAFE. */
export function kidOf({ kid }: PublicKey): string {
  if (kid === undefined || !/^[\w-]{43}$/.test(kid)) throw unsafe('a key has no name');
  return kid;
}

/** The JSON of a file that nobody else may read. Refuses with SIGNER_KEYS_UNSAFE. */
export function readOwn(path: string): unknown {
  if ((statSync(path).mode & 0o077) !== 0) throw unsafe('other people may read a key file');
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw unsafe('a key file cannot be read', cause);
  }
}

/** Writes a file for its owner alone, whole or not at all. */
export function writePrivate(path: string, value: object): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function unsafe(detail: string, cause?: unknown): Problem {
  return new Problem('SIGNER_KEYS_UNSAFE', { detail: `The signing keys cannot be used: ${detail}.`, cause });
}
