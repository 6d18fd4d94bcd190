import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PublicKey, signKeySet, type TokenSigner } from '@sallyport/grant-token';
import { z } from 'zod';
import { FileKeys, kidOf, readOwn, unsafe, writePrivate, type PrivateKeys } from './private-keys.ts';
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
    .array(z.strictObject({ publicKey: PublicKey, name: z.string().optional(), signsFrom: z.number() }))
    .min(1)
    .max(2),
  keySet: z.string().nullable(),
  /** That one and those before it, the oldest first; a folder of an earlier version has none. */
  keySets: z.array(z.string()).max(keySetsMax).default([]),
});
type State = z.infer<typeof stateForm>;

/**
 * The signing keys in a folder of their own (0700; each file 0600). `state.json` is public knowledge; the private halves
 * lie beside it (`<kid>.json`, the sandbox) or where `keys` keeps them. Refuses with SIGNER_KEYS_UNSAFE what other people
 * could read.
 */
export class KeyFolder {
  readonly #folder: string;
  readonly #keys: PrivateKeys;
  #state: State;
  readonly #signers = new Map<string, TokenSigner>();

  private constructor(folder: string, keys: PrivateKeys, state: State) {
    this.#folder = folder;
    this.#keys = keys;
    this.#state = state;
  }

  /** Opens the folder, taking the first key when there is none. `now` in Unix milliseconds. Refuses also with AWS_* codes. */
  static async open(
    folder: string,
    now: number,
    privateKeys: PrivateKeys = new FileKeys(folder),
  ): Promise<KeyFolder> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, 'state.json');
    if (!existsSync(path)) {
      chmodSync(folder, 0o700);
      const first = await privateKeys.next([]);
      const keys = [{ ...first, signsFrom: now }];
      const issuer = `sallyport:${kidOf(first.publicKey).slice(0, 16)}`;
      writePrivate(path, { issuer, serial: 1, keys, keySet: null });
    }
    const keys = new KeyFolder(folder, privateKeys, readState(path));
    await keys.reload();
    return keys;
  }

  /** Reads the folder again, after a rotation by another process. */
  async reload(): Promise<void> {
    const state = readState(join(this.#folder, 'state.json'));
    const signers = new Map<string, TokenSigner>();
    for (const key of state.keys) signers.set(kidOf(key.publicKey), await this.#keys.signer(key));
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
   * Takes a key that signs after the overlap, publishes both, and forgets the oldest of three. Refuses with
   * SIGNER_KEYS_UNSAFE while the rotation before is under way: agents would know neither.
   */
  async rotate(now: number, overlap: number = overlapSeconds): Promise<void> {
    const { issuer, serial, keys, ...old } = this.#state;
    if (keys.some(({ signsFrom }) => signsFrom > now))
      throw unsafe('the last rotation is not over: its key does not sign yet');
    const current = this.signer(now);
    const kept = keys.filter((key) => key.publicKey.kid === current.kid);
    const fresh = await this.#keys.next(kept);
    const next = [...kept, { ...fresh, signsFrom: now + overlap * 1000 }];
    const set = { issuer, serial: serial + 1, keys: next.map((key) => key.publicKey) };
    const keySet = await signKeySet(set, current);
    const keySets = [...chainOf(old.keySet, old.keySets), keySet].slice(-keySetsMax);
    const state: State = { issuer, serial: serial + 1, keys: next, keySet, keySets };
    writePrivate(join(this.#folder, 'state.json'), state);
    for (const gone of keys.filter((key) => !kept.includes(key))) this.#keys.forget(gone);
    await this.reload();
  }
}

/** A folder of an earlier version kept the newest set alone. */
function chainOf(newest: string | null, all: readonly string[]): string[] {
  return all.length === 0 && newest !== null ? [newest] : [...all];
}

function readState(path: string): State {
  const read = stateForm.safeParse(readOwn(path));
  if (!read.success) throw unsafe('state.json does not have its form');
  return read.data;
}
