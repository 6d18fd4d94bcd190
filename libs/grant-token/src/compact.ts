import { Problem } from '@sallyport/problems';
import { base64url, compactVerify, importJWK } from 'jose';
import { z } from 'zod';
import type { TokenSigner, TrustedKeys } from './keys.ts';

/** What a token is for; a token of one kind is refused wherever another is expected. */
export type TokenType =
  'sallyport-agent+jwt' | 'sallyport-route+jwt' | 'sallyport-agent-call+jwt' | 'sallyport-keys+jwt';

const Header = z.strictObject({
  alg: z.literal('EdDSA'),
  typ: z.string().max(64),
  kid: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

/** Signs `claims` as a JWS in compact form (RFC 7515), always with Ed25519. */
export async function signCompact(type: TokenType, claims: object, signer: TokenSigner): Promise<string> {
  const encode = (part: object) => base64url.encode(new TextEncoder().encode(JSON.stringify(part)));
  const input = `${encode({ alg: 'EdDSA', typ: type, kid: signer.kid })}.${encode(claims)}`;
  return `${input}.${base64url.encode(await signer.sign(new TextEncoder().encode(input)))}`;
}

/**
 * The claims of a token whose signature is good, not yet judged. The header decides nothing: its three members must be exactly the agreed
 * ones, so `none`, other algorithms, embedded keys, key addresses and critical extensions are all malformed.
 * Refuses SIGNED_TOKEN_MALFORMED, _TYPE_WRONG, _KEY_UNKNOWN, _SIGNATURE_WRONG.
 */
export async function openCompact(
  token: string,
  type: TokenType,
  keys: TrustedKeys,
  bytesMax: number,
): Promise<unknown> {
  if (token.length > bytesMax || !/^[\w-]+\.[\w-]+\.[\w-]{86}$/.test(token)) throw malformed();
  const [headerPart = '', payloadPart = ''] = token.split('.');
  const header = Header.safeParse(decoded(headerPart));
  if (!header.success) throw malformed();
  if (header.data.typ !== type) throw new Problem('SIGNED_TOKEN_TYPE_WRONG');
  const key = keys.get(header.data.kid);
  if (key === undefined) throw new Problem('SIGNED_TOKEN_KEY_UNKNOWN');
  try {
    await compactVerify(token, await importJWK({ ...key }, 'EdDSA'), { algorithms: ['EdDSA'] });
  } catch (cause) {
    throw new Problem('SIGNED_TOKEN_SIGNATURE_WRONG', { cause });
  }
  return decoded(payloadPart);
}

/** The key that a token names, before anything is verified: only to choose which set of keys to try. */
export function keyNamedBy(token: string): string | undefined {
  const header = Header.safeParse(decodedOrNothing(token.split('.')[0] ?? ''));
  return header.success ? header.data.kid : undefined;
}

function decodedOrNothing(part: string): unknown {
  try {
    return decoded(part);
  } catch {
    return undefined;
  }
}

function decoded(part: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(base64url.decode(part)));
  } catch (cause) {
    throw new Problem('SIGNED_TOKEN_MALFORMED', { cause });
  }
}

function malformed(): Problem {
  return new Problem('SIGNED_TOKEN_MALFORMED');
}
