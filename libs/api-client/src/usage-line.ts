import type { ResourceRef, ShellAccess } from './schema.ts';

/** What of a resource decides how it is used; a reference to one tells no more than its kind. */
export interface UsedResource extends Pick<ResourceRef, 'name' | 'kind'> {
  readonly shell?: Pick<ShellAccess, 'login' | 'commands'> | null;
}

/** The line that its holder types to use a grant of a resource: the one place that decides the command for a kind. */
export function usageLine({ name, kind, shell }: UsedResource): string {
  switch (kind) {
    case 'ssh':
      return `tunnel ssh ${name}`;
    case 'shell':
      return !shell || shell.login
        ? `tunnel shell ${name}`
        : `tunnel exec ${name} -- ${shell.commands.listed[0]?.name ?? 'COMMAND'}`;
    default:
      return `tunnel connect ${name}`;
  }
}
