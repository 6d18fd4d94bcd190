import { join } from 'node:path';
import { shellQuoted } from '../clients/shell-words.ts';
import { programItself } from '../process/program-itself.ts';
import { directoriesOf } from '../settings/directories.ts';
import type { World } from '../world.ts';
import type { SshName } from './find-host.ts';
import { agentPath, fitsAgent, type SshPlaces, sshPlaces } from './places.ts';

/** Variables without which the proxy would find another control plane or another sign-in; ssh may be started by a program that does not have them. */
const carried = ['TUNNEL_SERVER', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR'] as const;

/**
 * The part of an ssh_config that leads to the hosts of the catalogue, and to those addressed by instance id. Names are written out, since what ssh puts in place of
 * `%h` is read by a shell; an id is quoted, and what has a quotation mark is led elsewhere.
 */
export function sshConfigText(world: World, names: readonly SshName[]): string {
  const places = sshPlaces(world);
  const blocks = names.flatMap((name) => hostBlock(world, places, name) ?? []);
  return [
    '# Hosts of Sallyport. Written anew by tunnel ssh-config --install, tunnel ssh and others: changes are lost.',
    ...refused(world, names),
    ...blocks,
    [
      // Hybrid nodes have no Instance Connect: the person's own keys sign in.
      `Host mi-* ${noQuotes}`,
      ...common(world, places, "'%h'", '%h'),
    ].join('\n  '),
    [`Host i-* ${noQuotes}`, ...common(world, places, "'%h'", '%h'), ...ourKey(places, '%h')].join('\n  '),
    '',
  ].join('\n\n');
}

/** Hosts with a quotation mark, which would end the quotation that a shell reads `%h` in, are not ours. */
const noQuotes = `"!*'*"`;
/** Characters of a line of names: OpenSSH before 8.0 reads lines of 1,023 bytes. */
const lineMax = 900;

/** In front of all others: users with a quotation mark never come to where a shell reads `%r`. OpenSSH before 9.6 lets them pass. */
function refused(world: World, names: readonly SshName[]): string[] {
  const lists: string[] = [];
  for (const name of ['i-*', 'mi-*', ...names.map((host) => host.name)]) {
    const last = lists.at(-1);
    if (last === undefined || last.length + name.length > lineMax) lists.push(name);
    else lists[lists.length - 1] = `${last},${name}`;
  }
  return lists.map((list) =>
    [`Match originalhost ${list} user "*'*"`, `ProxyCommand ${proxyWords(world)} "user'" %p`].join('\n  '),
  );
}

function hostBlock(world: World, places: SshPlaces, { name, hosts }: SshName): string | undefined {
  const ownKey = hosts.every((host) => host.ownKey);
  const [first, ...others] = hosts;
  if (ownKey)
    for (const { user, resource } of hosts) {
      // Told here rather than when ssh fails to connect to it.
      if (resource.name === name) agentPath(places, user, name);
      else if (!fitsAgent(places, user, name)) return undefined;
    }
  const port = others.every((other) => other.port === first?.port) ? first?.port : undefined;
  return [
    `Host ${name}`,
    `HostName ${name}`,
    ...(first && others.length === 0 ? [`User ${first.user}`] : []),
    ...(port === undefined ? [] : [`Port ${port}`]),
    ...common(world, places, name, name),
    ...(ownKey ? ourKey(places, name) : []),
  ].join('\n  ');
}

/** Whether a configuration leads to this program, this control plane and this sign-in. */
export function leadsHere(world: World, text: string): boolean {
  return text.includes(`  ProxyCommand ${proxyWords(world)} `);
}

function proxyWords(world: World): string {
  const words = [...environment(world), ...programItself()].map((word) => percent(shellQuoted(word)));
  return `${words.join(' ')} proxy`;
}

function common(world: World, places: SshPlaces, written: string, host: string): string[] {
  return [
    `ProxyCommand ${proxyWords(world)} ${written} %p --user '%r'`,
    // Host keys belong to instances: the proxy judges them and tells ssh what it may see.
    `UserKnownHostsFile ${quoted(places.hostKeys, host)}`,
    'GlobalKnownHostsFile /dev/null',
    'StrictHostKeyChecking yes',
    'UpdateHostKeys no',
    'CheckHostIP no',
    'VerifyHostKeyDNS no',
  ];
}

/** The key lives in the proxy alone; keys of the person are not shown to the host. */
function ourKey({ agents }: SshPlaces, host: string): string[] {
  return [
    `IdentityAgent ${quoted(agents, `%r@${host}`)}`,
    'IdentityFile none',
    'IdentitiesOnly no',
    'PreferredAuthentications publickey',
  ];
}

function environment({ env }: Pick<World, 'env'>): string[] {
  const set = carried.flatMap((name) => (env[name] ? [`${name}=${env[name]}`] : []));
  return set.length === 0 ? [] : ['env', ...set];
}

/** A path as ssh_config takes it; `end` may hold tokens. */
function quoted(folder: string, end: string): string {
  return `"${join(percent(folder), end)}"`;
}

function percent(text: string): string {
  return text.replaceAll('%', '%%');
}

/** The configuration of `tunnel ssh`: our hosts, then what ssh would have read. */
export function everythingText(world: World): string {
  const { hosts } = sshPlaces(world);
  return [
    '# Of tunnel ssh and tunnel scp.',
    `Include "${hosts}"`,
    `Include "${personsConfig(world)}"`,
    'Include /etc/ssh/ssh_config',
    '',
  ].join('\n');
}

/** The person's own ssh_config. */
export function personsConfig({ home }: Pick<World, 'home'>): string {
  return join(home, '.ssh', 'config');
}

/** Whether a path can stand in an ssh_config: in double quotes nothing else is special. */
export function isWritable(world: Pick<World, 'env' | 'home'>): boolean {
  const { state, runtime } = directoriesOf(world);
  return [world.home, state, runtime].every((path) => !/["\n]/u.test(path));
}
