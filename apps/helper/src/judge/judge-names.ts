import { Problem } from '@sallyport/problems';
import { DnsName, type RouteGrantClaims } from '@sallyport/grant-token';
import {
  contains,
  isReservedName,
  isReservedSuffix,
  isSingle,
  networkText,
  parseNetwork,
  type Network,
} from '@sallyport/tunnel/edge/privileged';
import type { OpenRequest } from '@sallyport/tunnel/helper-messages';

export interface JudgedName {
  readonly name: string;
  readonly address: Network;
}

const atOrBelow = (name: string, suffix: string) => name === suffix || name.endsWith(`.${suffix}`);

/**
 * Which names may lead where: whole names that are signed, or that lie below a signed suffix, to addresses that are routed; and suffixes that
 * are signed. Refuses HELPER_NOT_IN_GRANT and HELPER_NAME_RESERVED.
 */
export function judgeNames(
  dns: OpenRequest['dns'],
  grants: readonly RouteGrantClaims[],
  routes: readonly Network[],
): { names: JudgedName[]; suffixes: string[] } {
  // A public suffix opens nothing below it either, whoever signed it.
  const signedSuffixes = grants.flatMap(({ suffixes }) => suffixes).filter((one) => !isReservedSuffix(one));
  const suffixes = (dns?.suffixes ?? []).map((suffix) => {
    const name = canonical(suffix);
    if (isReservedSuffix(name)) throw reserved(name);
    if (!signedSuffixes.some((signed) => atOrBelow(name, signed))) throw outside(name);
    return name;
  });
  const names = (dns?.names ?? []).map(({ name: text, address: wanted }) => {
    const name = canonical(text);
    if (isReservedName(name)) throw reserved(name);
    const address = parseNetwork(wanted);
    if (address === null || !isSingle(address) || !routes.some((route) => contains(route, address)))
      throw outside(`${name} at ${wanted}`);
    const signed = grants.flatMap((grant) => grant.names.filter((one) => one.name === name));
    const below = signedSuffixes.some((suffix) => atOrBelow(name, suffix));
    const fits = signed.some((one) => one.address === null || sameAddress(one.address, address));
    if (!fits && !(signed.length === 0 && below)) throw outside(`${name} at ${wanted}`);
    return { name, address };
  });
  return { names, suffixes: [...new Set(suffixes)] };
}

function canonical(text: string): string {
  const name = text.toLowerCase();
  if (!DnsName.safeParse(name).success)
    throw new Problem('HELPER_PROTOCOL', { detail: 'A name is not a DNS name.' });
  return name;
}

function sameAddress(text: string, address: Network): boolean {
  const signed = parseNetwork(text);
  return signed !== null && networkText(signed) === networkText(address);
}

const outside = (what: string) =>
  new Problem('HELPER_NOT_IN_GRANT', { detail: `${what} is not in the grant.` });
const reserved = (name: string) =>
  new Problem('HELPER_NAME_RESERVED', { detail: `${name} never leads into a tunnel.` });
