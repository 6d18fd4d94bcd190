import { z } from 'zod';
import { limits } from './limits.ts';
import {
  addressOf,
  cidrOf,
  networkForbiddenBecause,
  suffixForbiddenBecause,
  type Network,
  type NetworkProtocol,
  type NetworkRoute,
  type PortRange,
} from './network.ts';

const cidr = z
  .string()
  .refine((text) => cidrOf(text) !== undefined, 'is not a network like 10.0.0.0/16 or fd00:1::/64');

/** `tcp:443`, `udp:1-65535`, `icmp` or `ip`. */
const portText = z
  .string()
  .refine((text) => portOf(text) !== undefined, 'is not a port like tcp:443, udp:1-65535, icmp or ip');

const suffix = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/,
    'is not a DNS suffix',
  );

/** The fields of a subnet in the written catalogue; those of a reachable one are demanded by {@link subnetIssues}. */
export const subnetFields = {
  cidr: cidr.optional(),
  cidrs: z.array(cidr).min(1).max(limits.cidrsMax).optional(),
  ports: z.array(portText).min(1).max(limits.portRangesMax).optional(),
  suffixes: z.array(suffix).max(limits.suffixesMax).default([]),
  resolver: z
    .string()
    .refine((text) => addressOf(text) !== undefined, 'is not an address')
    .optional(),
  way: z.enum(['agent', 'ssh']).optional(),
  /** How wide the networks may be, as the length of the prefix: written down where they are wider than usual. */
  widest: z.int().min(limits.prefixMin4).max(32).default(limits.prefixDefault4),
  widest6: z.int().min(limits.prefixMin6).max(128).default(limits.prefixDefault6),
  /** The gateway's sshd is held to the routes by PermitOpen, rendered by infra/. */
  permitOpen: z.boolean().default(false),
  /** Whom sshd forwards for: a user without a shell. */
  sshUser: z
    .string()
    .regex(/^(?!root$)[a-z_][a-z0-9_-]{0,31}$/, 'is not an OS user')
    .default('jit-forward'),
  /** The most that one client carries, in each direction. */
  mbitPerSecond: z.int().min(1).max(limits.mbitPerSecondMax).optional(),
};

type FieldsRead = z.output<z.ZodObject<typeof subnetFields>>;
export type SubnetForm = FieldsRead & { readonly connectable: boolean };

interface Issue {
  readonly field: string;
  readonly message: string;
}

const cidrsOf = (entry: SubnetForm): string[] => [
  ...(entry.cidr === undefined ? [] : [entry.cidr]),
  ...(entry.cidrs ?? []),
];

/** What is wrong with a subnet beyond the form of each field. */
export function subnetIssues(entry: SubnetForm): Issue[] {
  const field = entry.cidrs === undefined ? 'cidr' : 'cidrs';
  const written = cidrsOf(entry);
  const issues: Issue[] = [];
  if (written.length === 0 || (entry.cidr !== undefined && entry.cidrs !== undefined))
    issues.push({ field: 'cidr', message: 'is required, or cidrs, not both' });
  for (const text of written) {
    const network = cidrOf(text);
    if (!network) continue;
    const widest = network.bits === 32 ? entry.widest : entry.widest6;
    if (network.prefix < widest) issues.push({ field, message: wide(text, widest) });
  }
  for (const text of entry.suffixes) {
    const because = suffixForbiddenBecause(text);
    if (because !== undefined) issues.push({ field: 'suffixes', message: `${text}: ${because}` });
  }
  if (!entry.connectable) return issues;
  if (entry.ports === undefined) issues.push({ field: 'ports', message: 'is required when connectable' });
  if (entry.way === undefined) issues.push({ field: 'way', message: 'is required when connectable' });
  return [...issues, ...(entry.way === 'ssh' ? sshIssues(entry) : [])];
}

function wide(text: string, widest: number): string {
  return `${text} is wider than /${widest}; write \`widest\` if that is meant`;
}

/** sshd forwards TCP, and PermitOpen knows addresses and single ports. */
function sshIssues(entry: SubnetForm): Issue[] {
  const routes = routesOf(entry);
  const issues: Issue[] = [];
  if (routes.some(({ proto }) => proto !== 'tcp'))
    issues.push({ field: 'ports', message: 'sshd forwards tcp alone' });
  if (!entry.permitOpen) return issues;
  const addresses = cidrsOf(entry)
    .map((text) => cidrOf(text))
    .reduce((sum, network) => sum + (network ? 2 ** (network.bits - network.prefix) : 0), 0);
  if (addresses > limits.permitOpenAddressesMax)
    issues.push({ field: 'permitOpen', message: `lists ${limits.permitOpenAddressesMax} addresses at most` });
  if (cidrsOf(entry).some((text) => cidrOf(text)?.bits === 128))
    issues.push({ field: 'permitOpen', message: 'is written for IPv4 networks' });
  const single = ([from, to]: PortRange) => from === to || (from === 1 && to === 65_535);
  if (!routes.every(({ ports }) => ports.every(single)))
    issues.push({ field: 'ports', message: 'PermitOpen takes single ports, or all (tcp:1-65535)' });
  return issues;
}

/** Why a subnet may not be reached at all: one message for each network. */
export function subnetForbidden(entry: SubnetForm): Issue[] {
  return cidrsOf(entry).flatMap((text) => {
    const network = cidrOf(text);
    const because = network && networkForbiddenBecause(network);
    return because === undefined ? [] : [{ field: 'cidr', message: `${text}: ${because}` }];
  });
}

/** What a grant of a reachable subnet gives; null when it is only listed. */
export function networkOf(entry: SubnetForm): Network | null {
  const { connectable, way, suffixes, resolver, sshUser, mbitPerSecond } = entry;
  if (!connectable || way === undefined) return null;
  const routes = routesOf(entry);
  return {
    routes,
    suffixes,
    resolver: resolver ?? null,
    carries: [...new Set(routes.map(({ proto }) => proto))],
    way,
    sshUser: way === 'ssh' ? sshUser : null,
    everything: way === 'ssh' && !entry.permitOpen,
    maxBps: mbitPerSecond === undefined ? null : mbitPerSecond * 1_000_000,
  };
}

/** The first network, under which the subnet is shown. */
export const firstCidr = (entry: SubnetForm): string | null => cidrsOf(entry)[0] ?? null;

/** One route for each network and protocol, with its ports in order and those that touch joined. */
function routesOf(entry: SubnetForm): NetworkRoute[] {
  const ports = new Map<NetworkProtocol, PortRange[]>();
  for (const text of entry.ports ?? []) {
    const port = portOf(text);
    if (port) ports.set(port.proto, [...(ports.get(port.proto) ?? []), ...port.ranges]);
  }
  return cidrsOf(entry).flatMap((network) =>
    [...ports].map(([proto, ranges]) => ({ cidr: network, ports: joined(ranges), proto })),
  );
}

function joined(ranges: readonly PortRange[]): PortRange[] {
  const sorted = [...ranges].sort(([a], [b]) => a - b);
  const result: PortRange[] = [];
  for (const [from, to] of sorted) {
    const last = result.at(-1);
    if (last && from <= last[1] + 1) result[result.length - 1] = [last[0], Math.max(last[1], to)];
    else result.push([from, to]);
  }
  return result;
}

function portOf(text: string): { proto: NetworkProtocol; ranges: PortRange[] } | undefined {
  if (text === 'icmp' || text === 'ip') return { proto: text, ranges: [] };
  const [, proto, low = '', high = low] = /^(tcp|udp):([1-9]\d{0,4})(?:-([1-9]\d{0,4}))?$/.exec(text) ?? [];
  const [from, to] = [Number(low), Number(high)];
  if (proto === undefined || from > to || to > 65_535) return undefined;
  return { proto: proto as NetworkProtocol, ranges: [[from, to]] };
}
