import { join } from 'node:path';
import { shellQuoted } from '../clients/shell-words.ts';
import { programItself } from '../process/program-itself.ts';
import { directoriesOf } from '../settings/directories.ts';
import type { World } from '../world.ts';
import type { SshHost } from './find-host.ts';
import { agentPath, type SshPlaces, sshPlaces } from './places.ts';

/** Variables without which the proxy would find another control plane or another sign-in; ssh may be started by a program that does not have them. */
const carried = ['TUNNEL_SERVER', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR'] as const;

/**
 * The part of an ssh_config that leads to the hosts of the catalogue, and to those addressed by instance id. Names are written out, since what ssh puts in place of
 * `%h` is read by a shell; an id is quoted.
 */
export function sshConfigText(world: World, hosts: readonly SshHost[]): string {
  const places = sshPlaces(world);
  const blocks = hosts.map((host) => hostBlock(world, places, host));
  return [
    '# Hosts of Sallyport. Written anew by tunnel ssh-config --install and tunnel ssh: changes are lost.',
    ...blocks,
    [
      // Hybrid nodes have no Instance Connect: the person's own keys sign in.
      'Host mi-*',
      ...common(world, places, "'%h'", '%h'),
    ].join('\n  '),
    ['Host i-*', ...common(world, places, "'%h'", '%h'), ...ourKey(places, '%h')].join('\n  '),
    '',
  ].join('\n\n');
}

function hostBlock(
  world: World,
  places: SshPlaces,
  { resource: { name }, user, port, ownKey }: SshHost,
): string {
  // Told here rather than when ssh fails to connect to it.
  if (ownKey) agentPath(places, user, name);
  return [
    `Host ${name}`,
    `HostName ${name}`,
    `User ${user}`,
    `Port ${port}`,
    ...common(world, places, name, name),
    ...(ownKey ? ourKey(places, name) : []),
  ].join('\n  ');
}

function common(world: World, places: SshPlaces, written: string, host: string): string[] {
  const words = [...environment(world), ...programItself()].map((word) => percent(shellQuoted(word)));
  return [
    `ProxyCommand ${words.join(' ')} proxy ${written} %p --user '%r'`,
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
