import { Problem } from '@sallyport/problems';
import { clean } from '../output/text.ts';
import { runCommand } from '../process/run-command.ts';
import type { Waiting } from '../stories/await-decision.ts';
import type { WishFlags } from '../stories/ask-for.ts';
import { grantFor } from '../stories/grant-for.ts';
import { listResources } from '../stories/resources.ts';
import { findHost, isInstanceId, sshNames, type SshName } from './find-host.ts';
import { writeHosts } from './install-config.ts';
import { sshPlaces } from './places.ts';
import { sshConfigText } from './ssh-config.ts';

/** A run of the system's ssh or scp. */
export interface SshRun {
  readonly program: 'ssh' | 'scp';
  /** Hosts among the arguments, as `[USER@]HOST`. */
  readonly hosts: readonly string[];
  /** What follows the options that are ours. */
  readonly words: readonly string[];
  readonly wish: WishFlags;
  readonly wait: boolean;
}

/** `tunnel ssh`, `tunnel scp`: asks for what is not granted, as `connect` does, then hands over to the system's own program. Resolves with its exit status. */
export async function runSsh(
  asking: Waiting,
  { program, hosts, words, wish, wait }: SshRun,
): Promise<number> {
  const { world, server } = asking;
  const resources = await listResources(server, []);
  const names = sshNames(resources);
  for (const written of hosts) {
    const [user, host] = splitUser(written);
    const { resource } = findHost(resources, host, user);
    refuseUntold(host, resource.name, names);
    await grantFor(asking, [resource], wish, wait);
  }
  await writeHosts(world, sshConfigText(world, names));
  const command = [program, '-F', sshPlaces(world).everything, ...words];
  // Braces in the words of a remote command are its own.
  const guidance = { variables: {}, clears: () => false, words: {} };
  try {
    return await runCommand(world, { command, guidance }).exited;
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'COMMAND_NOT_FOUND') throw error;
    throw new Problem('SSH_PROGRAM_MISSING', { detail: `There is no ${program} on PATH.`, cause: error });
  }
}

/** A Name tag that was left out of the configuration would be sought in the DNS. */
function refuseUntold(host: string, resource: string, names: readonly SshName[]): void {
  if (isInstanceId(host) || names.some(({ name }) => name === host)) return;
  throw new Problem('SSH_HOST_INVALID', {
    detail: `${host} is a Name tag that ssh could take for another host; say ${clean(resource)}.`,
  });
}

/** `USER@HOST`; the last `@` counts, as for ssh. */
export function splitUser(written: string): [user: string | undefined, host: string] {
  const at = written.lastIndexOf('@');
  return at < 0 ? [undefined, written] : [written.slice(0, at), written.slice(at + 1)];
}

/** The hosts among the words of scp: `[USER@]HOST:PATH` and `scp://[USER@]HOST[:PORT]/PATH`; options and their values are passed over. */
export function hostsOfScp(words: readonly string[]): string[] {
  const hosts: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (/^-[A-Za-z0-9]*[cDFiJloPSX]$/u.test(word)) at += 1;
    else if (word.startsWith('scp://')) hosts.push(/^scp:\/\/([^/:]*)/u.exec(word)?.[1] ?? '');
    else if (!word.startsWith('-') && /^[^/]+:/u.test(word)) hosts.push(word.slice(0, word.indexOf(':')));
  }
  return [...new Set(hosts)];
}
