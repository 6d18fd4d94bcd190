import { trust, verifyKeySet, type PublicKey, type TrustedKeys } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';

/** The signing keys that an agent trusts, as they are kept on disk. */
export interface TrustedSet {
  readonly serial: number;
  readonly keys: readonly PublicKey[];
}

/** Holds the trusted keys; they move only by a set that one of them signed. */
export class Trust {
  readonly #issuer: string;
  readonly #save: (set: TrustedSet) => void;
  #serial: number;
  #keys: TrustedKeys;

  private constructor(issuer: string, serial: number, keys: TrustedKeys, save: (set: TrustedSet) => void) {
    this.#issuer = issuer;
    this.#serial = serial;
    this.#keys = keys;
    this.#save = save;
  }

  /** Refuses SIGNED_TOKEN_MALFORMED: see `trust` of grant-token. */
  static async of(
    issuer: string,
    set: TrustedSet,
    save: (set: TrustedSet) => void = () => undefined,
  ): Promise<Trust> {
    return new Trust(issuer, set.serial, await trust(set.keys), save);
  }

  get keys(): TrustedKeys {
    return this.#keys;
  }

  /**
   * Takes the sets of past rotations in their order; false when none was newer. Those that are behind, and those before the first that a trusted key
   * signed, are passed over: an agent that was away follows from where it stands. Refuses SIGNED_TOKEN_KEY_UNKNOWN when there are sets and no way
   * leads to the newest, and the codes of `verifyKeySet`.
   */
  async followAll(keySets: readonly string[]): Promise<boolean> {
    let moved = false;
    let lost: Error | undefined;
    for (const keySet of keySets) {
      lost = undefined;
      try {
        moved = (await this.follow(keySet)) || moved;
      } catch (cause) {
        if (!(cause instanceof Problem) || cause.code !== 'SIGNED_TOKEN_KEY_UNKNOWN') throw cause;
        lost = cause;
      }
    }
    if (lost !== undefined) throw lost;
    return moved;
  }

  /** Takes a newer set; false when it is not newer. Refuses the codes of `verifyKeySet`. */
  async follow(keySet: string): Promise<boolean> {
    const known = { issuer: this.#issuer, serial: this.#serial, keys: this.#keys };
    const next = await verifyKeySet(keySet, known).catch((cause: unknown) => {
      if ((cause as { code?: unknown }).code === 'SIGNED_TOKEN_EXPIRED') return undefined;
      throw cause;
    });
    if (next === undefined) return false;
    this.#serial = next.serial;
    this.#keys = next.keys;
    this.#save({ serial: next.serial, keys: [...next.keys.values()] });
    return true;
  }
}
