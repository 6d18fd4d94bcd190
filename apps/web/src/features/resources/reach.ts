import type { Resource } from '../../api/contract.ts';

const protocols: Record<string, string> = {
  postgresql: 'PostgreSQL',
  mysql: 'MySQL',
  redis: 'Redis',
  http: 'HTTP',
  kubernetes: 'Kubernetes',
  ssh: 'SSH',
};

/** Name of a protocol as people write it. */
export function protocolName(protocol: string | null | undefined): string {
  return protocol ? (protocols[protocol] ?? protocol) : 'TCP';
}

/** `prod-db.internal:5432`, or the range of a subnet. */
export function addressOf(host: string | null, port: number | null, cidr?: string | null): string {
  if (cidr) return cidr;
  if (host === null) return 'any address';
  return port === null ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Where a resource is, in one line. */
export function whereabouts(resource: Pick<Resource, 'account' | 'region'>): string {
  return `${resource.account.name} · ${resource.region}`;
}

/** Resources that contain every word of the filter in name, title, address, place or tags; order kept. */
export function filterResources(resources: readonly Resource[], filter: string): Resource[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return resources.filter((resource) => {
    const tags = Object.entries(resource.tags).map(([key, value]) => `${key}=${value}`);
    const hay = [
      resource.name,
      resource.title,
      resource.environment,
      resource.kind,
      addressOf(resource.host, resource.port, resource.cidr),
      whereabouts(resource),
      ...tags,
    ];
    const text = hay.join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
