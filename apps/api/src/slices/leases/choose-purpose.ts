import type { LeaseUse, SessionDemands } from '@sallyport/access-domain';
import {
  grantsPurpose,
  mostlyChosen,
  type ChosenPurpose,
  type LeasePurpose,
  type Resource,
  type ShellLogs,
} from '@sallyport/catalog';
import { Problem } from '@sallyport/problems';

/** What a client wants of a resource; by default what it is mostly asked for. */
export interface PurposeAsked {
  readonly purpose?: LeasePurpose;
  /** The name of a command, where a list of them is granted. */
  readonly command?: string;
}

/**
 * What the lease will be for. Refuses with LEASE_ENCRYPTION_DEMANDED ports of a host whose sessions must be encrypted,
 * and with LEASE_PURPOSE_NOT_GRANTED everything else that a grant of the resource does not give.
 */
export function choosePurpose(resource: Resource, { purpose, command }: PurposeAsked): ChosenPurpose {
  const mostly = mostlyChosen(resource);
  const named = command ?? null;
  const chosen =
    purpose == null ? { ...mostly, command: named ?? mostly.command } : { purpose, command: named };
  if (!resource.connectable || grantsPurpose(resource, chosen)) return chosen;
  if (resource.shell?.keyArn != null && (chosen.purpose === 'port' || chosen.purpose === 'ssh'))
    throw new Problem('LEASE_ENCRYPTION_DEMANDED', {
      detail: `Sessions of ${resource.name} are encrypted with ${resource.shell.keyArn}; AWS encrypts shells and commands so, and no ports.`,
    });
  throw new Problem('LEASE_PURPOSE_NOT_GRANTED', { detail: refusalOf(resource, chosen) });
}

/**
 * Whether the client must record what is shown: because the resource says so, or the policy that the grant rests on.
 * Refuses with LEASE_ENCRYPTION_DEMANDED and LEASE_PURPOSE_NOT_GRANTED what cannot be kept as that policy demands by
 * now; a request for it would be refused.
 */
export function demandKept({ name, shell, account }: Resource, demands: SessionDemands): boolean {
  if (demands.encryption && shell?.keyArn == null)
    throw new Problem('LEASE_ENCRYPTION_DEMANDED', {
      detail: `The policy of this grant demands sessions that are encrypted with a KMS key; those of ${name} are not.`,
    });
  if (demands.clientRecording && (shell === null || account.auditorsKey === null))
    throw new Problem('LEASE_PURPOSE_NOT_GRANTED', {
      detail: `The policy of this grant demands that the client records; ${name} cannot be recorded so.`,
    });
  return demands.clientRecording || shell?.clientRecording === true;
}

/** What the audit log says of the lease. */
export function useOf(resource: Resource, chosen: ChosenPurpose, clientRecording: boolean): LeaseUse {
  const { shell, ssh, network } = resource;
  return {
    ...chosen,
    osUser: shell?.runAs ?? ssh?.user ?? network?.sshUser ?? null,
    keyArn: shell?.keyArn ?? null,
    logs: shell?.logs ? logsText(shell.logs) : null,
    clientRecording,
  };
}

function logsText(logs: ShellLogs): string {
  return 's3' in logs ? `s3://${logs.s3.bucket}/${logs.s3.prefix}` : `cloudwatch:${logs.cloudWatch}`;
}

function refusalOf({ name, shell }: Resource, { purpose, command }: ChosenPurpose): string {
  if (shell === null || purpose === 'port' || purpose === 'ssh') return `${name} gives no ${words[purpose]}.`;
  if (purpose === 'shell') return `${name} gives commands and no shell.`;
  if (shell.commands === 'none') return `${name} gives a shell and no commands.`;
  if (shell.commands === 'any')
    return `${name} has no command named ${command ?? ''}; it gives any command that you write.`;
  const named = shell.commands.map((entry) => entry.name).join(', ');
  return `${name} gives the commands ${named}${command === null ? '; name one' : ` and no ${command}`}.`;
}

const words: Record<LeasePurpose, string> = {
  port: 'port',
  ssh: 'SSH',
  shell: 'shell',
  command: 'commands',
  interactive: 'commands',
};
