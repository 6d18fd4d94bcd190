import type { Resource } from './catalog.ts';

/** How people reach the sshd of a host. */
export interface SshAccess {
  /** The one OS user whom keys are pushed for; {@link ownAccountUser} until it is known who asks. */
  readonly user: string;
  /** Everybody signs in as the account that the gateway's `accounts` gave them. */
  readonly ownAccount: boolean;
  readonly port: number;
  /** Whether a key of a minute is pushed; hybrid nodes and hosts with keys of their own take none. */
  readonly instanceConnect: boolean;
  /** Lines as in known_hosts, without the name; empty: the tag of the instance says them, or the first connection. */
  readonly hostKeys: readonly string[];
}

/** Where the SSM Agent writes what a shell shows. */
export type ShellLogs =
  { readonly cloudWatch: string } | { readonly s3: { readonly bucket: string; readonly prefix: string } };

/** A command that people may run without choosing its words. */
export interface NamedCommand {
  readonly name: string;
  /** As the SSM Agent takes it: split into words, run by no shell. */
  readonly run: string;
}

/** What sessions on a host may do. */
export interface ShellAccess {
  /** The OS account that everything runs as; never root or ssm-user; {@link ownAccountUser} as with SSH. */
  readonly runAs: string;
  readonly ownAccount: boolean;
  /** Whether a login shell is given, beside the commands. */
  readonly login: boolean;
  /** `any`: whatever the caller writes; a list: those and nothing else. */
  readonly commands: 'any' | 'none' | readonly NamedCommand[];
  /** Null: sessions have TLS alone. */
  readonly keyArn: string | null;
  readonly logs: ShellLogs | null;
  /** Whether the client must record, encrypted to the auditors' key of the account. */
  readonly clientRecording: boolean;
  /** After which the service ends a session that says nothing. */
  readonly idleMinutes: number;
}

/** Stands for the account of whoever asks; the name of no account, so that nothing is ever issued for it. */
export const ownAccountUser = '(own account)';

/** Whether everybody becomes their own account there. */
export function isOwnAccount({ ssh, shell }: Pick<Resource, 'ssh' | 'shell'>): boolean {
  return ssh?.ownAccount === true || shell?.ownAccount === true;
}

/** The resource as it is for somebody with this account; other resources are the same for everybody. */
export function forAccount(resource: Resource, name: string): Resource {
  const { ssh, shell } = resource;
  return {
    ...resource,
    ssh: ssh?.ownAccount === true ? { ...ssh, user: name } : ssh,
    shell: shell?.ownAccount === true ? { ...shell, runAs: name } : shell,
  };
}

/** What a lease may be for. */
export const leasePurposes = ['port', 'ssh', 'shell', 'command', 'interactive'] as const;
export type LeasePurpose = (typeof leasePurposes)[number];

/** What a lease is for, as it was chosen: a purpose, and the name of a command where a list is granted. */
export interface ChosenPurpose {
  readonly purpose: LeasePurpose;
  readonly command: string | null;
}

/** What a document of ours is for, by its name. */
export function purposeOfDocument(name: string): LeasePurpose {
  const [, word] = /^jit-(ssh|shell|command|interactive)-/.exec(name) ?? [];
  return (word as LeasePurpose | undefined) ?? 'port';
}

/** The purpose of a lease when its holder names none. */
export function defaultPurpose({ ssh, shell }: Pick<Resource, 'ssh' | 'shell'>): LeasePurpose {
  if (ssh) return 'ssh';
  if (!shell) return 'port';
  return shell.login ? 'shell' : 'command';
}

/** Whether a grant of the resource gives this purpose; of a list of commands, whether it holds the one named. */
export function grantsPurpose(
  { ssh, shell }: Pick<Resource, 'ssh' | 'shell'>,
  { purpose, command }: ChosenPurpose,
): boolean {
  if (purpose === 'ssh') return ssh !== null && command === null;
  if (purpose === 'port') return ssh === null && shell === null && command === null;
  if (shell === null) return false;
  if (purpose === 'shell') return shell.login && command === null;
  return typeof shell.commands === 'string'
    ? shell.commands === 'any' && command === null
    : shell.commands.some(({ name }) => name === command);
}

/** Every purpose that a grant of the resource gives. */
export function purposesOf(resource: Pick<Resource, 'ssh' | 'shell'>): ChosenPurpose[] {
  const { shell } = resource;
  const named = typeof shell?.commands === 'object' ? shell.commands.map(({ name }) => name) : [];
  return leasePurposes
    .flatMap((purpose) => [null, ...named].map((command) => ({ purpose, command })))
    .filter((chosen) => grantsPurpose(resource, chosen));
}

/** The OS account that a lease for this purpose carries as the tag SSMSessionRunAs; null where sshd signs people in. */
export function runAsOf({ shell }: Pick<Resource, 'shell'>): string | null {
  return shell?.runAs ?? null;
}

/** The OS user that a key may be pushed for; null where none is. */
export function pushedUserOf({ ssh, network }: Pick<Resource, 'ssh' | 'network'>): string | null {
  if (ssh) return ssh.instanceConnect ? ssh.user : null;
  return network?.sshUser ?? null;
}

/** Whether some shell of an account is logged to CloudWatch. */
export function logsToCloudWatch(
  { resources }: { readonly resources: readonly Resource[] },
  accountId: string,
): boolean {
  return resources.some(
    ({ account, shell }) => account.id === accountId && shell?.logs != null && 'cloudWatch' in shell.logs,
  );
}

/** The buckets that shells of an account are logged to, as ARNs. */
export function logBucketsOf(
  { resources }: { readonly resources: readonly Resource[] },
  account: { readonly id: string; readonly partition: string },
): string[] {
  const names = resources.flatMap(({ account: { id }, shell }) =>
    id === account.id && shell?.logs != null && 's3' in shell.logs ? shell.logs.s3.bucket : [],
  );
  return [...new Set(names)].map((name) => `arn:${account.partition}:s3:::${name}`);
}
