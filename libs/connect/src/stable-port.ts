/** First and last local port that is given out by name. */
export const stablePorts = { first: 15_000, last: 19_999 } as const;

/**
 * Local ports a resource prefers, best first. The same name gives the same port on every machine, so saved connections keep working. Production
 * services also prefer their well-known port plus 10000 (PostgreSQL: 15432), which people guess first.
 */
export function preferredPorts(resource: {
  name: string;
  port: number | null;
  environment?: string;
}): number[] {
  const { first, last } = stablePorts;
  const byName = first + (fnv1a32(resource.name) % (last - first + 1));
  const wellKnown = 10_000 + (resource.port ?? 0);
  const guessed = resource.environment === 'production' && wellKnown >= first && wellKnown <= last;
  return guessed ? [wellKnown, byName] : [byName];
}

/** FNV-1a, 32 bits, over the UTF-16 code units. */
function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
