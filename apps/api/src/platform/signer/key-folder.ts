import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  generateKeyPair,
  PublicKey,
  signerOf,
  signKeySet,
  type PrivateKey,
  type TokenSigner,
} from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import { z } from 'zod';
import type { SigningKeySet } from './signer.ts';

/** How long both keys are published before the new one signs, so that agents have learnt of it; a helper is handed them by its client. */
export const overlapSeconds = 600;
/** Signed sets that are kept: a helper that missed more rotations than these is installed anew. */
export const keySetsMax = 12;

const stateForm = z.strictObject({
  issuer: z.string().min(1).max(256),
  /** Grows with each rotation. */
  serial: z.int().min(1),
  /** The oldest first. The last whose time has come signs. */
  keys: z
    .array(z.strictObject({ publicKey: PublicKey, signsFrom: z.number() }))
    .min(1)
    .max(2),
  keySet: z.string().nullable(),
  /** That one and those before it, the oldest first; a folder of an earlier version has none. */
  keySets: z.array(z.string()).max(keySetsMax).default([]),
});
type State = z.infer<typeof stateForm>;

const privateForm = PublicKey.extend({ d: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });

/**
 * The signing keys in a folder of their own (0700; each file 0600), for the sandbox. `state.json` is public knowledge;
 * `<kid>.json` holds a private key. Refuses with SIGNER_KEYS_UNSAFE what other people could read.
 */
export class KeyFolder {
  readonly #folder: string;
  #state: State;
  readonly #signers = new Map<string, TokenSigner>();

  private constructor(folder: string, state: State) {
    this.#folder = folder;
    this.#state = state;
  }

  /** Opens the folder, making the first key when there is none. `now` in Unix milliseconds. */
  static async open(folder: string, now: number): Promise<KeyFolder> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, 'state.json');
    if (!existsSync(path)) {
      chmodSync(folder, 0o700);
      const { privateKey, publicKey } = await generateKeyPair();
      const kid = kidOf(publicKey);
      writePrivate(join(folder, `${kid}.json`), privateKey);
      const keys = [{ publicKey, signsFrom: now }];
      writePrivate(path, { issuer: `sallyport:${kid.slice(0, 16)}`, serial: 1, keys, keySet: null });
    }
    const keys = new KeyFolder(folder, readState(path));
    await keys.reload();
    return keys;
  }

  /** Reads the folder again, after a rotation by another process. */
  async reload(): Promise<void> {
    const state = readState(join(this.#folder, 'state.json'));
    const signers = new Map<string, TokenSigner>();
    for (const { publicKey } of state.keys) {
      const signer = await signerOf(readPrivate(join(this.#folder, `${kidOf(publicKey)}.json`)));
      if (signer.kid !== publicKey.kid) throw unsafe('a key file holds another key');
      signers.set(signer.kid, signer);
    }
    this.#state = state;
    this.#signers.clear();
    for (const [kid, signer] of signers) this.#signers.set(kid, signer);
  }

  get issuer(): string {
    return this.#state.issuer;
  }

  /** The key that signs at `now`. */
  signer(now: number): TokenSigner {
    const ready = this.#state.keys.filter(({ signsFrom }) => signsFrom <= now);
    const { publicKey } = ready.at(-1) ?? this.#state.keys[0] ?? {};
    const signer = publicKey && this.#signers.get(kidOf(publicKey));
    if (!signer) throw unsafe('there is no key');
    return signer;
  }

  published(now: number): SigningKeySet {
    const { issuer, serial, keys, keySet, keySets } = this.#state;
    const first = this.signer(now).kid;
    const sorted = keys
      .map(({ publicKey }) => publicKey)
      .sort((a, b) => Number(b.kid === first) - Number(a.kid === first));
    return { issuer, serial, keys: sorted, keySet, keySets: chainOf(keySet, keySets) };
  }

  /**
   * Makes a key that signs after the overlap, publishes both, and forgets the oldest of three. Refuses with
   * SIGNER_KEYS_UNSAFE while the rotation before is under way: agents would know neither.
   */
  async rotate(now: number, overlap: number = overlapSeconds): Promise<void> {
    const { issuer, serial, keys, ...old } = this.#state;
    if (keys.some(({ signsFrom }) => signsFrom > now))
      throw unsafe('the last rotation is not over: its key does not sign yet');
    const current = this.signer(now);
    const { privateKey, publicKey } = await generateKeyPair();
    const kept = keys.filter((key) => key.publicKey.kid === current.kid);
    const next = [...kept, { publicKey, signsFrom: now + overlap * 1000 }];
    const set = { issuer, serial: serial + 1, keys: next.map((key) => key.publicKey) };
    const keySet = await signKeySet(set, current);
    writePrivate(join(this.#folder, `${kidOf(publicKey)}.json`), privateKey);
    const keySets = [...chainOf(old.keySet, old.keySets), keySet].slice(-keySetsMax);
    const state: State = { issuer, serial: serial + 1, keys: next, keySet, keySets };
    writePrivate(join(this.#folder, 'state.json'), state);
    for (const { publicKey: gone } of keys.filter((key) => !kept.includes(key)))
      rmSync(join(this.#folder, `${kidOf(gone)}.json`), { force: true });
    await this.reload();
  }
}

/** A folder of an earlier version kept the newest set alone. */
function chainOf(newest: string | null, all: readonly string[]): string[] {
  return all.length === 0 && newest !== null ? [newest] : [...all];
}

function kidOf({ kid }: PublicKey): string {
  if (kid === undefined || !/^[\w-]{43}$/.test(kid)) throw unsafe('a key has no name');
  return kid;
}

function readState(path: string): State {
  const read = stateForm.safeParse(readOwn(path));
  if (!read.success) throw unsafe('state.json does not have its form');
  return read.data;
}

function readPrivate(path: string): PrivateKey {
  const read = privateForm.safeParse(readOwn(path));
  if (!read.success) throw unsafe('a key file does not have its form');
  return read.data;
}

function readOwn(path: string): unknown {
  if ((statSync(path).mode & 0o077) !== 0) throw unsafe('other people may read a key file');
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw unsafe('a key file cannot be read', cause);
  }
}

function writePrivate(path: string, value: object): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function unsafe(detail: string, cause?: unknown): Problem {
  return new Problem('SIGNER_KEYS_UNSAFE', { detail: `The signing keys cannot be used: ${detail}.`, cause });
}
