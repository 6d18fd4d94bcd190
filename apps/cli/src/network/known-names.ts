import { isIP } from 'node:net';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { Reach } from '@sallyport/tunnel';
import type { Server } from '../server/server.ts';
import { contains, takesName, type NetworkFacts } from './facts.ts';

/** A whole name and where it leads. */
export interface KnownName {
  readonly name: string;
  readonly address: string;
}

/** So many names are asked for at most, and so long; one that has no answer by then is left out. */
const namesMax = 64;
const withinMs = 5_000;

/**
 * Hosts of the catalogue below a network's suffixes: the names that people will call. For systems that cannot send the questions of one domain to one resolver,
 * and know whole names alone (/etc/hosts).
 */
export async function cataloguedHosts(
  { api }: Pick<Server, 'api'>,
  facts: Pick<NetworkFacts, 'suffixes'>,
): Promise<readonly string[]> {
  if (facts.suffixes.length === 0) return [];
  const { items } = await api.listResources({});
  const hosts = items.flatMap(({ host }) => (host === null || isIP(host) !== 0 ? [] : [host.toLowerCase()]));
  return [...new Set(hosts)].filter((host) => takesName(facts, host)).slice(0, namesMax);
}

/** Where names lead, as the private network says; without those that lead nowhere, or to where the grant does not. */
export async function addressesIn(
  reach: Pick<Reach, 'resolve'>,
  hosts: readonly string[],
  { routes }: Pick<NetworkFacts, 'routes'>,
  { timers }: Pick<Effects, 'timers'>,
): Promise<readonly KnownName[]> {
  if (reach.resolve === undefined || hosts.length === 0) return [];
  const patience = new AbortController();
  const timer = timers.after(withinMs, () => patience.abort(new Problem('FLOW_TIMED_OUT')));
  const ask = async (name: string): Promise<KnownName[]> => {
    for (const type of ['A', 'AAAA'] as const) {
      const answer = await reach.resolve?.(name, type, patience.signal);
      const address = answer?.addresses.find((found) => routes.some(({ cidr }) => contains(cidr, found)));
      if (address !== undefined) return [{ name, address }];
    }
    return [];
  };
  try {
    return (await Promise.all(hosts.map((name) => ask(name).catch(() => [])))).flat();
  } finally {
    timers.cancel(timer);
  }
}
