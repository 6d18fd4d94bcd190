import { join } from 'node:path';
import { Problem } from '@sallyport/problems';
import { directoriesOf } from '../settings/directories.ts';
import type { World } from '../world.ts';

/** Longest path of a Unix socket that Linux and macOS both take, in bytes. */
const socketPathBytesMax = 103;
/** What a proxy appends to the name of its own socket. */
const ownEndingBytes = 12;

/** Where the files of this machine's SSH are. */
export interface SshPlaces {
  /** Folder of the sockets of agents, 0700. */
  readonly agents: string;
  /** Folder of the host keys that ssh is told, one file for each name, 0700. */
  readonly hostKeys: string;
  /** Host keys that were seen first, by instance id. */
  readonly firstSeen: string;
  /** The configuration that ~/.ssh/config includes. */
  readonly hosts: string;
  /** The same, then the person's own and the machine's: for `tunnel ssh`. */
  readonly everything: string;
}

export function sshPlaces(world: Pick<World, 'env' | 'home'>): SshPlaces {
  const { state, runtime } = directoriesOf(world);
  const folder = join(state, 'ssh');
  return {
    agents: join(runtime, 'ssh'),
    hostKeys: join(folder, 'host-keys'),
    firstSeen: join(folder, 'first-seen'),
    hosts: join(folder, 'hosts.conf'),
    everything: join(folder, 'everything.conf'),
  };
}

/** The socket of the agent for a user at a host, as `IdentityAgent` names it. Refuses with FILE_UNUSABLE where a socket of that length cannot be. */
export function agentPath(places: Pick<SshPlaces, 'agents'>, user: string, host: string): string {
  const path = join(places.agents, `${user}@${host}`);
  if (!fitsAgent(places, user, host))
    throw new Problem('FILE_UNUSABLE', { detail: `${path} is too long for a socket; set XDG_RUNTIME_DIR.` });
  return path;
}

/** Whether a socket for a user at a host can be. */
export function fitsAgent({ agents }: Pick<SshPlaces, 'agents'>, user: string, host: string): boolean {
  return Buffer.byteLength(join(agents, `${user}@${host}`)) + ownEndingBytes <= socketPathBytesMax;
}
