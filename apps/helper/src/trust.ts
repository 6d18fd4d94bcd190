import { z } from 'zod';
import {
  fingerprint,
  keyNamedBy,
  PublicKey,
  trust,
  verifyKeySet,
  verifyRouteGrant,
  type RouteGrantClaims,
  type TrustedKeys,
} from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';

/** Control planes whose route grants this machine obeys; written by root when the helper is installed, and by the helper when keys are rotated. */
export const trustForm = z.strictObject({
  issuers: z
    .array(
      z.strictObject({
        issuer: z.string().min(1).max(256),
        /** Of the set of keys: nothing older is ever taken back. */
        serial: z.int().min(0).default(0),
        keys: z.array(PublicKey).min(1).max(2),
      }),
    )
    .min(1)
    .max(8),
});
export type TrustFile = z.infer<typeof trustForm>;

/** The control planes that are trusted, with their keys by thumbprint. */
export class Trust {
  readonly #issuers: ReadonlyMap<string, TrustedKeys>;

  private constructor(issuers: ReadonlyMap<string, TrustedKeys>) {
    this.#issuers = issuers;
  }

  /** @throws Problem SIGNED_TOKEN_MALFORMED for keys that are none. */
  static async of(file: TrustFile): Promise<Trust> {
    const issuers = new Map<string, TrustedKeys>();
    for (const { issuer, keys } of file.issuers) issuers.set(issuer, await trust(keys));
    return new Trust(issuers);
  }

  get issuers(): { issuer: string; fingerprints: string[] }[] {
    return [...this.#issuers].map(([issuer, keys]) => ({
      issuer,
      fingerprints: [...keys.keys()].map((thumbprint) => fingerprint(thumbprint)),
    }));
  }

  /** The claims of a route grant that one of the trusted control planes signed. */
  async verify(token: string, now: number): Promise<RouteGrantClaims> {
    const named = keyNamedBy(token);
    if (named === undefined) throw new Problem('SIGNED_TOKEN_MALFORMED');
    for (const [issuer, keys] of this.#issuers)
      if (keys.has(named)) return verifyRouteGrant(token, { keys, issuer, now });
    throw new Problem('SIGNED_TOKEN_KEY_UNKNOWN');
  }
}

/** The trust file after a rotation, and what moved. */
export interface MovedTrust {
  readonly file: TrustFile;
  readonly issuer: string;
  readonly serial: number;
}

/**
 * Follows signed sets of keys in their order, each from a key that is trusted by then. Sets that are behind or that start elsewhere are passed over; one that is wrong
 * spoils them all. Pure. Refuses SIGNED_TOKEN_EXPIRED when none is newer, SIGNED_TOKEN_KEY_UNKNOWN when none is signed with a trusted key, and the codes of `verifyKeySet`.
 */
export async function movedTrust(from: TrustFile, keySets: readonly string[]): Promise<MovedTrust> {
  let moved: MovedTrust | undefined;
  let refusal = new Problem('SIGNED_TOKEN_KEY_UNKNOWN');
  for (const keySet of keySets) {
    const { issuers }: TrustFile = moved?.file ?? from;
    const named = keyNamedBy(keySet);
    if (named === undefined) throw new Problem('SIGNED_TOKEN_MALFORMED');
    const known = await Promise.all(issuers.map(async (one) => ({ ...one, keys: await trust(one.keys) })));
    const at = known.findIndex(({ keys }) => keys.has(named));
    const mover = known[at];
    if (mover === undefined) {
      refusal = new Problem('SIGNED_TOKEN_KEY_UNKNOWN');
      continue;
    }
    const next = await verifyKeySet(keySet, mover).catch((cause: unknown) => {
      if (!(cause instanceof Problem) || cause.code !== 'SIGNED_TOKEN_EXPIRED') throw cause;
      refusal = cause;
    });
    if (next === undefined) continue;
    const { issuer } = mover;
    const entry = { issuer, serial: next.serial, keys: [...next.keys.values()] };
    moved = { issuer, serial: next.serial, file: { issuers: issuers.with(at, entry) } };
  }
  if (moved === undefined) throw refusal;
  return moved;
}
