import type { Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { shellQuoted } from '../clients/shell-words.ts';
import { clean } from '../output/text.ts';
import { usedOtherwise } from '../stories/usage.ts';

/** What a resource is asked to run: the name of a listed command, or a command line of one's own. */
export type RemoteCommand = { readonly command: string } | { readonly commandLine: string };

/** The way into the machine that a resource offers, or why it offers none (RESOURCE_USED_OTHERWISE). */
export function shellOf(resource: Resource): NonNullable<Resource['shell']> {
  if (resource.shell) return resource.shell;
  throw usedOtherwise(resource, 'has no shell');
}

/** Refuses a shell where the resource offers commands alone (SESSION_COMMAND_MISSING). */
export function loginOf(resource: Resource): void {
  const { login } = shellOf(resource);
  if (!login)
    throw new Problem('SESSION_COMMAND_MISSING', {
      detail: `${clean(resource.name)} offers commands, no shell. ${offered(resource)}`,
    });
}

/** What can be nothing but the name of a program. */
const isProgram = (word: string) => /^[A-Za-z0-9_@%+:,./-]+$/u.test(word);

/**
 * What the words after `--` ask for. Where commands are listed the one word is a name among them. Where any is allowed several words are quoted, so that each arrives as it
 * was written; one word that is more than the name of a program is a line for the shell of the far side, as ssh takes it. Refuses with SESSION_COMMAND_MISSING and what there is.
 */
export function commandOf(resource: Resource, words: readonly string[]): RemoteCommand {
  const { commands } = shellOf(resource);
  const [name] = words;
  if (name === undefined || (words.length === 1 && name.trim() === ''))
    throw new Problem('SESSION_COMMAND_MISSING', {
      detail: `After -- comes what is to be run. ${offered(resource)}`,
    });
  if (words.length === 1 && commands.listed.some((listed) => listed.name === name)) return { command: name };
  if (commands.which === 'any') {
    const line = words.length === 1 && !isProgram(name);
    return { commandLine: (line ? ['sh', '-c', name] : words).map(shellQuoted).join(' ') };
  }
  throw new Problem('SESSION_COMMAND_MISSING', {
    detail: `${clean(resource.name)} does not run "${clean(words.join(' ')).slice(0, 80)}". ${offered(resource)}`,
  });
}

function offered({ name, shell }: Resource): string {
  const { login = false, commands } = shell ?? {};
  const listed = commands?.listed ?? [];
  if (listed.length > 0)
    return `It runs: ${listed.map((one) => `tunnel exec ${clean(name)} -- ${clean(one.name)}`).join(', ')}.`;
  if (commands?.which === 'any') return `For example: tunnel exec ${clean(name)} -- uptime.`;
  return login ? `It has a shell: tunnel shell ${clean(name)}.` : '';
}
