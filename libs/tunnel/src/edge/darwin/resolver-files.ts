import { addressText } from '../networks.ts';
import type { EdgePlan } from '../plan.ts';

/** The first line of our files in /etc/resolver: by it the next start knows what a crash left. */
export const resolverMark = '# sallyport: removed when the tunnel ends';

/** Files of /etc/resolver by name: macOS asks the name server in it for names at and below the file's name, and for no other. */
export function resolverFiles({
  names,
  suffixes,
  responder4,
  responder6,
}: EdgePlan): ReadonlyMap<string, string> {
  const servers = [responder4, responder6].filter((one) => one !== null).map(addressText);
  if (servers.length === 0) return new Map();
  const text = [
    resolverMark,
    ...servers.map((server) => `nameserver ${server}`),
    'port 53',
    'timeout 5',
    '',
  ].join('\n');
  return new Map([...new Set([...suffixes, ...names.map(({ name }) => name)])].map((name) => [name, text]));
}

export const isOurResolverFile = (text: string) => text.startsWith(`${resolverMark}\n`);
