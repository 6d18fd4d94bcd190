import type { Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { nearest } from '../output/nearest.ts';
import { clean } from '../output/text.ts';
import { usedOtherwise } from '../stories/usage.ts';

/** An SSH host as ssh is given it. */
export interface SshHost {
  readonly resource: Resource;
  readonly user: string;
  readonly port: number;
  /** Whether the key is ours, handed over by Instance Connect; otherwise the person's own keys are used. */
  readonly ownKey: boolean;
}

/** What may stand for a host on a command line: nothing that a shell or ssh could take for something else. */
export function isHostName(written: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/u.test(written);
}

/** Whether it is the id of an instance or of a hybrid node. */
export function isInstanceId(written: string): boolean {
  return /^m?i-[0-9a-f]{8,17}$/u.test(written);
}

/** A name as ssh is given it, and the hosts that it may mean: with more than one, the user tells them apart or the proxy names them all. */
export interface SshName {
  readonly name: string;
  readonly hosts: readonly SshHost[];
}

/**
 * The names that lead to hosts: those of resources, then Name tags of their instances. Hosts that cannot be connected to, and those that cannot stand in an ssh_config
 * as no more than a name, are left out. A Name tag gives way to a resource of that name, and is left out where it has a dot: whoever may tag an instance must not
 * become a host of the internet.
 */
export function sshNames(resources: readonly Resource[]): readonly SshName[] {
  const hosts = resources.flatMap((resource) => hostOf(resource) ?? []).filter(isPlain);
  const taken = new Set(resources.map(({ name }) => name));
  const tagged = new Map<string, SshHost[]>();
  for (const host of hosts) {
    const tag = host.resource.gateway.instanceName ?? '';
    if (!isHostName(tag) || tag.includes('.') || isInstanceId(tag) || taken.has(tag)) continue;
    tagged.set(tag, [...(tagged.get(tag) ?? []), host]);
  }
  return [
    ...hosts.map((host) => ({ name: host.resource.name, hosts: [host] })),
    ...[...tagged].map(([name, bearers]) => ({ name, hosts: bearers })),
  ];
}

/** An ssh_config names commands: a line break in what a control plane says would add one. */
function isPlain({ resource: { name }, user, port }: SshHost): boolean {
  return isHostName(name) && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/u.test(user) && Number.isInteger(port);
}

/**
 * The one host that a name means: a resource, else an instance id or a Name tag. `user` tells hosts at one instance apart. Refuses with SSH_HOST_INVALID,
 * SSH_HOST_AMBIGUOUS (both are named), RESOURCE_UNKNOWN, RESOURCE_NOT_CONNECTABLE and RESOURCE_USED_OTHERWISE.
 */
export function findHost(resources: readonly Resource[], written: string, user?: string): SshHost {
  if (!isHostName(written))
    throw new Problem('SSH_HOST_INVALID', {
      detail: `"${clean(written).slice(0, 60)}" is no name of a host.`,
    });
  const named = resources.find(({ name }) => name === written);
  const answering = named ? [named] : resources.filter((resource) => answersTo(resource, written));
  const hosts = answering.flatMap((resource) => hostOf(resource) ?? []);
  const fit = hosts.length > 1 ? hosts.filter((host) => host.user === user) : hosts;
  const [host] = fit.length === 1 ? fit : hosts;
  if (hosts.length > 1 && fit.length !== 1)
    throw new Problem('SSH_HOST_AMBIGUOUS', {
      detail: `${written} is ${hosts.map(describe).join(' and ')}.`,
    });
  if (host) return host;
  throw refusal(written, answering[0], resources);
}

function hostOf(resource: Resource): SshHost | undefined {
  if (resource.kind !== 'ssh' || !resource.connectable || !resource.ssh) return undefined;
  const { user, port, instanceConnect } = resource.ssh;
  const hybrid = resource.gateway.instanceId?.startsWith('mi-') ?? false;
  return { resource, user, port, ownKey: instanceConnect && !hybrid };
}

function answersTo({ kind, gateway }: Resource, written: string): boolean {
  if (kind !== 'ssh') return false;
  return isInstanceId(written) ? gateway.instanceId === written : gateway.instanceName === written;
}

function describe({ resource: { name, gateway }, user }: SshHost): string {
  return `${clean(name)} (${user} at ${gateway.instanceId ?? 'an instance that is away'})`;
}

function refusal(written: string, found: Resource | undefined, all: readonly Resource[]): Problem {
  if (found?.notConnectable)
    return new Problem('RESOURCE_NOT_CONNECTABLE', {
      detail: `${clean(found.name)}: ${found.notConnectable.reason}`,
    });
  if (found) return usedOtherwise(found, 'is no SSH host');
  const near = nearest(
    written,
    all.filter(({ kind }) => kind === 'ssh').map(({ name }) => name),
  );
  const detail = `There is no SSH host "${clean(written)}" that you may see`;
  return new Problem('RESOURCE_UNKNOWN', {
    detail: near ? `${detail}; did you mean ${near}?` : `${detail}.`,
  });
}
