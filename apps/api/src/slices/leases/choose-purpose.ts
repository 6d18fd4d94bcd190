import {
  grantsPurpose,
  mostlyChosen,
  type ChosenPurpose,
  type LeasePurpose,
  type Resource,
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
