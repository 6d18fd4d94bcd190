import type { Allowance } from '@sallyport/grant-token';
import ipaddr from 'ipaddr.js';
import {
  embedded,
  isRefusedForever,
  parseAddress,
  rangeOf,
  liesIn,
  textOf,
  type AddressRange,
} from './addresses.ts';

/** What the gateway knows of itself when a destination is judged. */
export interface GatewayFacts {
  /** Every address of every interface, as of now. */
  readonly ownAddresses: readonly string[];
  /** The resolver of the network (`.2` of a VPC) and further addresses that an administrator closed. */
  readonly closedAddresses: readonly string[];
}

export type NotGranted =
  'not_an_address' | 'refused_forever' | 'own_address' | 'closed_address' | 'not_allowed';

export type Verdict =
  /** The address to dial, and nothing else: in canonical form. */
  | { readonly granted: true; readonly address: string; readonly family: 4 | 6 }
  | { readonly granted: false; readonly why: NotGranted };

/**
 * Judges the address that will be dialled; the default is no. First what no token can open, then what this one opens. `ip` opens any
 * protocol and port of its range.
 */
export function judge(
  proto: 'tcp' | 'udp' | 'icmp' | 'ip',
  to: { readonly address: string; readonly port: number },
  allow: readonly Allowance[],
  facts: GatewayFacts,
): Verdict {
  const { ownAddresses, closedAddresses } = facts;
  const asked = `${proto} ${to.port} ${to.address}`;
  let known = judged.get(allow);
  if (known?.ownAddresses !== ownAddresses || known.closedAddresses !== closedAddresses)
    judged.set(allow, (known = { ownAddresses, closedAddresses, verdicts: new Map() }));
  let verdict = known.verdicts.get(asked);
  if (verdict === undefined) {
    if (known.verdicts.size >= verdictsRememberedMax) known.verdicts.clear();
    known.verdicts.set(asked, (verdict = judgeAnew(proto, to, allow, facts)));
  }
  return verdict;
}

/**
 * Verdicts on one list of allowances, as long as what the gateway knows of itself stays the same lists: an address is asked for again and again, and to judge it anew
 * costs as much as all else of an opening.
 */
interface Judged extends GatewayFacts {
  readonly verdicts: Map<string, Verdict>;
}
const judged = new WeakMap<readonly Allowance[], Judged>();
/** Of each list; then all are forgotten. */
const verdictsRememberedMax = 1024;

function judgeAnew(
  proto: 'tcp' | 'udp' | 'icmp' | 'ip',
  to: { readonly address: string; readonly port: number },
  allow: readonly Allowance[],
  facts: GatewayFacts,
): Verdict {
  const address = parseAddress(to.address);
  if (address === undefined) return { granted: false, why: 'not_an_address' };
  if (isRefusedForever(address)) return { granted: false, why: 'refused_forever' };
  const text = textOf(address);
  const forms = [text, ...(address instanceof ipaddr.IPv6 ? embedded(address) : []).map(textOf)];
  const isOneOf = (list: readonly string[]) => {
    const closed = canonical(list);
    return forms.some((form) => closed.has(form));
  };
  if (isOneOf(facts.ownAddresses)) return { granted: false, why: 'own_address' };
  if (isOneOf(facts.closedAddresses)) return { granted: false, why: 'closed_address' };
  const opened = allow.some(
    (entry) =>
      liesIn(address, rangeOfEntry(entry)) &&
      (entry.proto === 'ip' ||
        (entry.proto === proto &&
          (proto === 'icmp' || entry.ports.some(([from, last]) => to.port >= from && to.port <= last)))),
  );
  if (!opened) return { granted: false, why: 'not_allowed' };
  return { granted: true, address: text, family: address.kind() === 'ipv4' ? 4 : 6 };
}

/** Lists and entries are read once: they are never changed, a new one takes their place. */
const canonicals = new WeakMap<readonly string[], ReadonlySet<string>>();
const ranges = new WeakMap<Allowance, AddressRange>();

/** The addresses of a list in canonical form, without zones. */
function canonical(list: readonly string[]): ReadonlySet<string> {
  let texts = canonicals.get(list);
  if (texts === undefined) {
    const parsed = list.map((one) => parseAddress(one.split('%')[0] ?? ''));
    texts = new Set(parsed.filter((address) => address !== undefined).map(textOf));
    canonicals.set(list, texts);
  }
  return texts;
}

function rangeOfEntry(entry: Allowance): AddressRange {
  let range = ranges.get(entry);
  if (range === undefined) ranges.set(entry, (range = rangeOf(entry.cidr)));
  return range;
}

/** Whether the agent answers for a name: it is one of the suffixes, or lies below one. Both in lower case without the final dot. */
export function nameIsGranted(name: string, suffixes: readonly string[]): boolean {
  return suffixes.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
}
