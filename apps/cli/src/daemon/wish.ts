import { Problem } from '@sallyport/problems';
import type { Ask } from '../local/local-protocol.ts';
import { vias, type Via } from '../network/facts.ts';
import type { NetworkSummary } from '../network/network-summary.ts';

/** A tunnel that the background process is asked to open. Holds no secret but what a proxy's address may hold. */
export interface BackgroundWish {
  readonly name: string;
  readonly grantId: string;
  /** Null: the port that belongs to the name. */
  readonly port: number | null;
  /** Address to listen on; null: this machine only. */
  readonly bind: string | null;
  /** Path of a socket to listen on instead of a port. */
  readonly socketPath: string | null;
  /** Device, packet filter or port; null: what suits it. */
  readonly via: Via | null;
  /** The file of tunnels that it comes from. */
  readonly source: string | null;
  /** Settings of the terminal that it comes from, by the names of {@link settingNames}. */
  readonly settings: Readonly<Record<string, string>>;
}

/** What the background process answers when the tunnel carries connections. */
export interface BackgroundTunnel {
  readonly id: string;
  readonly state: string;
  readonly grantId: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly endsAt: string;
  readonly pid: number;
  readonly network: NetworkSummary | null;
}

/** The variables of proxies, in either case. */
export const proxyNames = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

/** Settings that belong to a terminal and hold for the tunnels that are opened from it. */
export const settingNames = [
  'TUNNEL_SERVER',
  'TUNNEL_HELPER_SOCKET',
  'TUNNEL_AWS_ENDPOINT',
  'TUNNEL_AWS_GATEWAY_HOSTS',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
  ...proxyNames,
] as const;

export function settingsOf(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const set = settingNames.map((name) => [name, env[name]] as const);
  return Object.fromEntries(set.filter((pair): pair is [(typeof settingNames)[number], string] => !!pair[1]));
}

/** Reads a wish off the socket; refuses with DAEMON_WISH_INVALID. */
export function readWish({ wish }: Ask): BackgroundWish {
  const given = (wish ?? {}) as Partial<Record<keyof BackgroundWish, unknown>>;
  const { port, settings } = given;
  if (port !== null && !(Number.isInteger(port) && Number(port) >= 0 && Number(port) <= 65_535))
    throw invalid('port');
  return {
    name: text(given, 'name'),
    grantId: text(given, 'grantId'),
    port: port as number | null,
    bind: textOrNull(given, 'bind'),
    socketPath: textOrNull(given, 'socketPath'),
    via: readVia(given.via),
    source: textOrNull(given, 'source'),
    settings: readSettings(settings),
  };
}

/** A command of an older version says nothing of it. */
function readVia(given: unknown): Via | null {
  const via = vias.find((known) => known === given);
  if (via === undefined && given !== null && given !== undefined) throw invalid('via');
  return via ?? null;
}

function readSettings(given: unknown): Record<string, string> {
  if (typeof given !== 'object' || given === null) throw invalid('settings');
  const pairs = Object.entries(given);
  const known: readonly string[] = settingNames;
  if (!pairs.every(([name, value]) => known.includes(name) && typeof value === 'string'))
    throw invalid('settings');
  return Object.fromEntries(pairs);
}

function text(given: Partial<Record<string, unknown>>, member: keyof BackgroundWish): string {
  const value = given[member];
  if (typeof value !== 'string' || value === '') throw invalid(member);
  return value;
}

function textOrNull(given: Partial<Record<string, unknown>>, member: keyof BackgroundWish): string | null {
  return given[member] === null ? null : text(given, member);
}

function invalid(member: string): Problem {
  return new Problem('DAEMON_WISH_INVALID', { detail: `The wish for a tunnel has no valid ${member}.` });
}
