import type { OfferedResource, ResourceRef } from '@sallyport/access-domain';
import {
  accountNameOf,
  forAccount,
  isOwnAccount,
  type Catalog,
  type Network,
  type Resource,
  type ShellAccess,
} from '@sallyport/catalog';

/** A resource of the catalogue with the id under which people ask for it. */
export interface KnownResource {
  readonly id: string;
  readonly version: number;
  readonly entry: Resource;
}

/** What the catalogue offers, as read at start. */
export class ResourceDirectory {
  readonly catalog: Catalog;
  readonly #byName: ReadonlyMap<string, KnownResource>;

  constructor(catalog: Catalog, known: readonly KnownResource[]) {
    this.catalog = catalog;
    this.#byName = new Map(known.map((resource) => [resource.entry.name, resource]));
  }

  all(): KnownResource[] {
    return [...this.#byName.values()];
  }

  byName(name: string): KnownResource | undefined {
    return this.#byName.get(name);
  }
}

/** What decisions about a resource rest on. */
export function offered({ id, entry }: KnownResource): OfferedResource {
  return {
    ...refOf({ id, entry }),
    environment: entry.environment,
    tags: entry.tags,
    notConnectable: entry.notConnectable?.reason ?? null,
    reachesEverything: entry.network?.everything ?? false,
    encrypted: entry.shell?.keyArn != null,
    clientRecordable: entry.shell !== null && entry.account.auditorsKey !== null,
  };
}

export function refOf({ id, entry }: Pick<KnownResource, 'id' | 'entry'>): ResourceRef {
  return { id, name: entry.name, kind: entry.kind };
}

/** How to speak with a resource, as answers tell it; what IAM calls its database stays on the server. */
export function speechOf({ host, port, protocol, tls, database, cluster }: Resource) {
  return {
    host,
    port,
    protocol,
    tls: tls && { ...tls },
    database: database && { name: database.name, role: database.role, auth: database.auth },
    cluster: cluster && { ...cluster },
  };
}

/** What its holder types to use a grant of a resource. */
export function commandLineOf(name: string, known: KnownResource | undefined): string {
  if (known?.entry.ssh) return `tunnel ssh ${name}`;
  if (!known?.entry.shell) return `tunnel connect ${name}`;
  const { login, commands } = known.entry.shell;
  const named = typeof commands === 'string' ? undefined : commands[0]?.name;
  return login ? `tunnel shell ${name}` : `tunnel exec ${name} -- ${named ?? 'COMMAND'}`;
}

/** What a subnet reaches, as answers tell it. */
export function networkOf({ network }: Pick<Resource, 'network'>) {
  return network && networkShown(network);
}

function networkShown({ routes, suffixes, resolver, carries, way, everything, maxBps }: Network) {
  return {
    routes: routesShown(routes),
    suffixes: [...suffixes],
    resolver,
    carries: [...carries],
    way,
    everything,
    ...(maxBps === null ? {} : { maxBps }),
  };
}

/** A resource as it is for one person: where everybody has an account of their own, with theirs. */
export function asSeenBy(entry: Resource, { email }: { readonly email: string }): Resource {
  const derived = isOwnAccount(entry) ? accountNameOf(email) : undefined;
  return derived && 'name' in derived ? forAccount(entry, derived.name) : entry;
}

/** How the sshd of a host is reached, as answers tell it. */
export function sshOf({ ssh }: Pick<Resource, 'ssh'>) {
  return ssh && { user: ssh.user, port: ssh.port, instanceConnect: ssh.instanceConnect };
}

/** What sessions on a host may do, as answers tell it. */
export function shellOf({ shell }: Pick<Resource, 'shell'>) {
  if (shell === null) return null;
  const { runAs, login, commands, keyArn, clientRecording } = shell;
  return {
    runAs,
    login,
    commands: commandsShown(commands),
    encrypted: keyArn !== null,
    keyArn,
    logs: logsShown(shell.logs),
    clientRecording,
  };
}

function commandsShown(commands: ShellAccess['commands']) {
  return typeof commands === 'string'
    ? { which: commands, listed: [] }
    : { which: 'listed' as const, listed: commands.map(({ name, run }) => ({ name, run })) };
}

function logsShown(logs: ShellAccess['logs']) {
  if (logs === null) return null;
  return 's3' in logs
    ? { to: 's3' as const, place: logs.s3.bucket, prefix: logs.s3.prefix }
    : { to: 'cloudWatch' as const, place: logs.cloudWatch, prefix: null };
}

/** A copy that an answer may hold. */
export function routesShown(routes: Network['routes']) {
  return routes.map(({ cidr, ports, proto }) => ({
    cidr,
    ports: ports.map(([from, to]): [number, number] => [from, to]),
    proto,
  }));
}
