import type { Principal } from './facts.ts';
import { Unsupported } from './outcome.ts';

/**
 * How a trust policy names a caller. `account`: it names the caller's account, which then decides by its own policies;
 * `caller`: it names the caller. The difference counts where both are in one account.
 */
export type Named = 'no' | 'account' | 'caller';
export type PrincipalTest = (principal: Principal) => Named;

const arnForm = /^arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|user\/[^*?]+|role\/[^*?]+|assumed-role\/[^*?]+)$/;

/** Reads a Principal element. Throws Unsupported for other kinds (Federated, CanonicalUser) and partial wildcards. */
export function readPrincipals(element: unknown): PrincipalTest {
  if (element === '*') return () => 'caller';
  if (typeof element !== 'object' || element === null || Array.isArray(element)) {
    throw new Unsupported('Principal');
  }
  const tests = Object.entries(element).flatMap(([kind, value]) => {
    const names: unknown[] = Array.isArray(value) ? value : [value];
    if (names.length === 0) throw new Unsupported('Principal without value');
    return names.map((name) => readPrincipal(kind, name));
  });
  if (tests.length === 0) throw new Unsupported('Principal without value');
  return (principal) => {
    const named = tests.map((test) => test(principal));
    if (named.includes('caller')) return 'caller';
    return named.includes('account') ? 'account' : 'no';
  };
}

function readPrincipal(kind: string, name: unknown): PrincipalTest {
  if (typeof name !== 'string') throw new Unsupported(`Principal ${kind}`);
  if (kind === 'Service' && /^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(name)) {
    return (principal) => (principal.service === name ? 'caller' : 'no');
  }
  if (kind !== 'AWS') throw new Unsupported(`Principal ${kind}`);
  if (name === '*') return () => 'caller';
  const account = /^(?:arn:aws[a-z-]*:iam::)?(\d{12})(?::root)?$/.exec(name)?.[1];
  if (account !== undefined) {
    return (principal) =>
      principal.service === undefined && principal.accountId === account ? 'account' : 'no';
  }
  if (!arnForm.test(name)) throw new Unsupported(`Principal ${name}`);
  return (principal) =>
    principal.service === undefined && (principal.arn === name || principal.roleArn === name)
      ? 'caller'
      : 'no';
}
