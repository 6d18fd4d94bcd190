import { Problem } from '@sallyport/problems';
import { KeySetClaims } from './claims.ts';
import { openCompact, signCompact } from './compact.ts';
import { trust, type PublicKey, type TokenSigner, type TrustedKeys } from './keys.ts';
import { keySetBytesMax } from './limits.ts';

/** Signs a new set of trusted keys with a key of the set before it. */
export async function signKeySet(
  set: { issuer: string; serial: number; keys: readonly PublicKey[] },
  signer: TokenSigner,
): Promise<string> {
  const keys = [...(await trust(set.keys)).values()];
  return signCompact('sallyport-keys+jwt', { iss: set.issuer, serial: set.serial, keys }, signer);
}

/**
 * The set of keys that replaces `known.keys`. Trust moves only from key to key: a set signed with an unknown key, of another issuer, or not
 * newer than the known one is refused. Refuses SIGNED_TOKEN_MALFORMED, _TYPE_WRONG, _KEY_UNKNOWN, _SIGNATURE_WRONG, _ISSUER_WRONG, and
 * SIGNED_TOKEN_EXPIRED for an older set.
 */
export async function verifyKeySet(
  token: string,
  known: { issuer: string; serial: number; keys: TrustedKeys },
): Promise<{ serial: number; keys: TrustedKeys }> {
  const read = KeySetClaims.safeParse(
    await openCompact(token, 'sallyport-keys+jwt', known.keys, keySetBytesMax),
  );
  if (!read.success) throw new Problem('SIGNED_TOKEN_MALFORMED', { cause: read.error });
  if (read.data.iss !== known.issuer) throw new Problem('SIGNED_TOKEN_ISSUER_WRONG');
  if (read.data.serial <= known.serial) throw new Problem('SIGNED_TOKEN_EXPIRED');
  return { serial: read.data.serial, keys: await trust(read.data.keys) };
}
