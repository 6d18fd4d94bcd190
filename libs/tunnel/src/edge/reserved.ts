import { contains, network, type Network } from './networks.ts';

/** Never routed, whoever signs it: this machine, its links, groups, and the metadata addresses of clouds (all link-local but one). */
const neverRouted = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200/32',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/127',
  '::ffff:0:0/96',
  '64:ff9b::/96',
  '2002::/16',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
  'fd00:ec2::/32',
].map(network);

/** Where virtual addresses come from: shared address space (RFC 6598), benchmarking (RFC 2544), unique local (RFC 4193). */
const virtualPools = ['100.64.0.0/10', '198.18.0.0/15', 'fd00::/8'].map(network);

/** Widest network that is ever accepted, in bits of prefix. */
export const widestPrefix = { 4: 8, 6: 16 } as const;

export function isNeverRouted(candidate: Network): boolean {
  return neverRouted.some((reserved) => contains(reserved, candidate));
}

/** The reserved parts of a wider network: they stay outside (`100.0.0.0/8` holds a metadata address). */
export function reservedInside(candidate: Network): Network[] {
  return neverRouted.filter((reserved) => contains(candidate, reserved));
}

/** Whether the network is wider than anybody may route; the default route is the widest of all. */
export function isTooWide({ version, prefix }: Network): boolean {
  return prefix < widestPrefix[version];
}

export function isVirtual(candidate: Network): boolean {
  return virtualPools.some((pool) => contains(pool, candidate));
}

/** Suffixes that belong to everybody or to AWS: a name at or below one of these is never answered, and none is ever listed. */
const reservedSuffixes = [
  'amazonaws.com',
  'amazonaws.com.cn',
  'amazonaws.eu',
  'api.aws',
  'aws',
  'aws.amazon.com',
  'amazon.com',
  'amazontrust.com',
  'awsapps.com',
  'cloudfront.net',
  'localhost',
  'invalid',
  'onion',
  'arpa',
  'local',
];

/** Public suffixes that are two labels; every single label but the private ones below is public as well. */
const publicPairs = [
  'co.uk', 'org.uk', 'gov.uk', 'ac.uk', 'com.au', 'net.au', 'org.au', 'co.nz', 'co.jp', 'ne.jp', 'or.jp', 'com.br',
  'com.cn', 'net.cn', 'org.cn', 'co.in', 'co.kr', 'com.mx', 'co.za', 'com.tr', 'com.sg', 'com.hk', 'com.tw', 'co.il',
  'github.io', 'herokuapp.com', 'azurewebsites.net', 'appspot.com', 'pages.dev', 'vercel.app', 'netlify.app',
]; // prettier-ignore

/** Single labels that no registry will ever give out, or that are commonly used inside: these may be listed. */
const privateLabels = new Set([
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'test',
  'example',
  'sallyport',
]);

const atOrBelow = (name: string, suffix: string) => name === suffix || name.endsWith(`.${suffix}`);

/** A suffix that must not lead into a tunnel: of AWS, public, or reserved. `name` is in lower case without the final dot. */
export function isReservedSuffix(name: string): boolean {
  if (reservedSuffixes.some((suffix) => atOrBelow(name, suffix) || suffix.endsWith(`.${name}`))) return true;
  if (!name.includes('.')) return !privateLabels.has(name);
  return publicPairs.includes(name);
}

/** A whole name that must not lead into a tunnel. A name of one label (`prod-rds`) is the person's own and may. */
export function isReservedName(name: string): boolean {
  if (/^\d+$/.test(name.split('.').at(-1) ?? '')) return true;
  return reservedSuffixes.some((suffix) => atOrBelow(name, suffix)) || publicPairs.includes(name);
}
