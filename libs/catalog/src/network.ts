/**
 * Networks that people reach whole: which addresses, ports and names a grant of a subnet gives, and by which way. The
 * companion agent judges every flow by the same list, so what is written here is what is enforced.
 */

/** What a network carries; `ip` is any protocol of IP, which needs the agent's layer 3 mode. */
export const networkProtocols = ['tcp', 'udp', 'icmp', 'ip'] as const;
export type NetworkProtocol = (typeof networkProtocols)[number];

/** `agent`: the companion agent judges each flow; `ssh`: sshd forwards TCP. */
export const networkWays = ['agent', 'ssh'] as const;
export type NetworkWay = (typeof networkWays)[number];

/** From and to, both included. */
export type PortRange = readonly [from: number, to: number];

export interface NetworkRoute {
  readonly cidr: string;
  /** Empty for protocols without ports. */
  readonly ports: readonly PortRange[];
  readonly proto: NetworkProtocol;
}

/** What a grant of a subnet reaches. */
export interface Network {
  readonly routes: readonly NetworkRoute[];
  /** Names below these are answered through the gateway, and none else. */
  readonly suffixes: readonly string[];
  /** Whom the gateway asks for names; null: whom it asks anyway. */
  readonly resolver: string | null;
  readonly carries: readonly NetworkProtocol[];
  readonly way: NetworkWay;
  /** The OS user that sshd forwards for; null by the agent. */
  readonly sshUser: string | null;
  /** Nothing on the far side holds it to the routes: a grant reaches everything that the gateway reaches. */
  readonly everything: boolean;
  /** Bits per second that one client carries in each direction; null: as fast as it goes. */
  readonly maxBps: number | null;
}

/** An address or network: the numeric value, how many bits it has, and the length of its prefix. */
export interface Cidr {
  readonly value: bigint;
  readonly bits: 32 | 128;
  readonly prefix: number;
}

/** The four octets of a dotted IPv4 address, or undefined. Leading zeros are refused: some read them as octal. */
export function ipv4Octets(text: string): readonly number[] | undefined {
  if (!/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text)) return undefined;
  const octets = text.split('.').map(Number);
  return octets.every((octet) => octet <= 255) ? octets : undefined;
}

/** The value of an IPv6 address of hexadecimal groups, or undefined; no zone, no dotted tail. */
function ipv6Value(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: Math.max(missing, 0) }, () => '0'), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

/** An address of either version, or undefined. */
export function addressOf(text: string): Omit<Cidr, 'prefix'> | undefined {
  const octets = ipv4Octets(text);
  if (octets) return { value: octets.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n), bits: 32 };
  const value = ipv6Value(text);
  return value === undefined ? undefined : { value, bits: 128 };
}

/** A network such as 10.0.0.0/16 or fd00:1::/64, without host bits; undefined when the text is none. */
export function cidrOf(text: string): Cidr | undefined {
  const [host = '', length = '', ...rest] = text.split('/');
  const address = addressOf(host);
  if (!address || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const prefix = Number(length);
  if (prefix > address.bits) return undefined;
  const hostBits = (1n << BigInt(address.bits - prefix)) - 1n;
  return (address.value & hostBits) === 0n ? { ...address, prefix } : undefined;
}

/** Whether two networks have an address in common. */
export function overlap(a: Cidr, b: Cidr): boolean {
  if (a.bits !== b.bits) return false;
  const shift = BigInt(a.bits - Math.min(a.prefix, b.prefix));
  return a.value >> shift === b.value >> shift;
}

/** Whether every route leads only where one of `offered` leads: the same protocol, within its addresses and ports. */
export function routesWithin(routes: readonly NetworkRoute[], offered: readonly NetworkRoute[]): boolean {
  return routes.every((route) => offered.some((wider) => routeWithin(route, wider)));
}

function routeWithin(route: NetworkRoute, wider: NetworkRoute): boolean {
  const [inner, outer] = [cidrOf(route.cidr), cidrOf(wider.cidr)];
  if (!inner || !outer || route.proto !== wider.proto || inner.prefix < outer.prefix) return false;
  const covered = ([from, to]: PortRange) => wider.ports.some(([low, high]) => low <= from && to <= high);
  return overlap(inner, outer) && route.ports.every(covered);
}

/** Never reached through a gateway, whatever anybody grants: the agent refuses the same list. */
const forbidden: readonly (readonly [cidr: string, because: string])[] = [
  ['0.0.0.0/8', 'it means "this host"'],
  ['127.0.0.0/8', 'it is the gateway itself'],
  ['169.254.0.0/16', 'it is link-local, where the metadata services are'],
  ['100.100.100.200/32', 'it is a metadata service'],
  ['224.0.0.0/3', 'it is multicast, reserved or broadcast'],
  ['::/127', 'it is the gateway itself'],
  ['::ffff:0:0/96', 'it is IPv4 in another form'],
  ['64:ff9b::/96', 'it is IPv4 in another form'],
  ['64:ff9b:1::/48', 'it is IPv4 in another form'],
  ['2002::/16', 'it is IPv4 in another form'],
  ['fd00:ec2::/32', 'it is where the metadata services are'],
  ['fe80::/10', 'it is link-local'],
  ['ff00::/8', 'it is multicast'],
];

/** Why a network may never be reached through a gateway, not even in part; undefined when it may. */
export function networkForbiddenBecause(cidr: Cidr): string | undefined {
  return forbidden.find(([text]) => {
    const other = cidrOf(text);
    return other !== undefined && overlap(cidr, other);
  })?.[1];
}

/** Single labels that no public zone has. */
const privateLabels = ['internal', 'corp', 'lan', 'home', 'private', 'intranet', 'test'];
/** Zones of AWS: its endpoints must never be asked for through a tunnel. */
const awsZone = /(^|\.)(amazonaws\.(com|com\.cn|eu)|amazon\.com|aws|aws\.dev|c2s\.ic\.gov|sgov\.gov)$/;
/** Two labels under which the public registers names, such as co.uk. */
const publicPair = /^(ac|co|com|edu|gov|ne|net|or|org)\.[a-z]{2}$/;

/**
 * Why names below a suffix may not be led through a gateway; undefined when they may. There is no list of all public
 * suffixes here: a single label must be one of those kept for private use, and AWS's own zones never are.
 */
export function suffixForbiddenBecause(suffix: string): string | undefined {
  if (awsZone.test(suffix)) return 'it is a zone of AWS';
  if (!suffix.includes('.')) return privateLabels.includes(suffix) ? undefined : 'it is a public zone';
  return publicPair.test(suffix) ? 'it is a public zone' : undefined;
}
