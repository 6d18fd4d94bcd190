import type { Resource } from '@sallyport/api-client';
import { grantedLines } from './granted-network.ts';
import { clean } from './text.ts';

type Reached = Pick<Resource, 'host' | 'port'> &
  Partial<Pick<Resource, 'cidr' | 'network' | 'ssh' | 'shell'>> & {
    readonly gateway?: Pick<Resource['gateway'], 'instanceId' | 'instanceName'>;
  };

/**
 * What a grant of a resource reaches, the first line the place itself: an address, the networks, or the host with whom one is there and what may be run
 * (`web-1 (i-0123456789abcdef0) as web-ops: a shell, any command`).
 */
export function reachedLines(resource: Reached): readonly [string, ...string[]] {
  const { host, port, cidr, network, ssh, shell } = resource;
  if (network) return grantedLines(network);
  if (ssh) {
    const at = ssh.port === 22 ? '' : ` at port ${ssh.port}`;
    return [`${hostText(resource)} as ${clean(ssh.user)} over SSH${at}`];
  }
  if (shell) return [`${hostText(resource)} as ${clean(shell.runAs)}: ${runnableText(shell)}`];
  const place = host ?? (port === null ? '' : 'the instance itself');
  return [cidr ?? (port === null ? place : `${place}:${port}`)];
}

function hostText({ gateway }: Reached): string {
  const { instanceId = null, instanceName } = gateway ?? {};
  if (instanceId === null) return clean(instanceName ?? 'a host that is away');
  return instanceName ? `${clean(instanceName)} (${clean(instanceId)})` : clean(instanceId);
}

function runnableText({ login, commands }: NonNullable<Resource['shell']>): string {
  const run = commands.which === 'any' ? ['any command'] : commands.listed.map(({ name }) => clean(name));
  return [...(login ? ['a shell'] : []), ...run].join(', ');
}
