import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import {
  fingerprint,
  keyNamedBy,
  PublicKey,
  trust,
  verifyRouteGrant,
  type RouteGrantClaims,
  type TrustedKeys,
} from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';

/** Control planes whose route grants this machine obeys; written by root when the helper is installed. */
export const trustForm = z.strictObject({
  issuers: z
    .array(z.strictObject({ issuer: z.string().min(1).max(256), keys: z.array(PublicKey).min(1).max(2) }))
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

/** Reads the trust file anew each time: an administrator may have added a key. */
export async function readTrust(path: string): Promise<Trust> {
  return Trust.of(trustForm.parse(JSON.parse(await readFile(path, 'utf8'))));
}
