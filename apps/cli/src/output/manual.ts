import { kinds } from '@sallyport/problems';
import { commandTable } from '../command-table.ts';
import { TunnelCommand } from '../tunnel-command.ts';
import { groupsOf } from './groups.ts';

/** The manual page `tunnel(1)` in the man macros, made from the same table as `--help`. */
export async function manualPage(): Promise<string> {
  const lines = [
    '.\\" Made from the command table; change it there.',
    '.TH TUNNEL 1 "" "Sallyport" "User commands"',
    '.SH NAME',
    'tunnel \\- just-in-time access to private AWS resources over Session Manager',
    '.SH SYNOPSIS',
    '.B tunnel',
    '.I COMMAND',
    '[arguments] [options]',
    '.SH DESCRIPTION',
    roff(
      'Sallyport opens private AWS resources to you for the time that was granted, and shuts them again. Data goes to standard output, talk to standard error.',
    ),
  ];
  for (const [title, ids] of groupsOf(Object.keys(commandTable))) {
    lines.push(`.SH ${roff(title.toUpperCase())}`);
    for (const id of ids) lines.push(...(await commandLines(id)));
  }
  lines.push('.SH EXIT STATUS', '.TP', '.B 0', 'Done.');
  const codes = new Map<number, string[]>();
  for (const [kind, { exit }] of Object.entries(kinds)) codes.set(exit, [...(codes.get(exit) ?? []), kind]);
  for (const [exit, names] of [...codes].sort(([a], [b]) => a - b))
    lines.push('.TP', `.B ${exit}`, `${roff(names.join(', '))}`);
  lines.push('.TP', '.B 130', 'Interrupted.', '.SH ENVIRONMENT');
  for (const [name, meaning] of environment) lines.push('.TP', `.B ${name}`, roff(meaning));
  return lines.join('\n') + '\n';
}

const environment: readonly (readonly [string, string])[] = [
  ['TUNNEL_SERVER', 'Address of the control plane; http://localhost:3000 when unset.'],
  ['TUNNEL_AWS_ENDPOINT', 'The AWS endpoint to use in place of the one of the region.'],
  [
    'TUNNEL_AWS_GATEWAY_HOSTS',
    'Host names of PrivateLink endpoints of the message gateway, with commas between.',
  ],
  [
    'XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_RUNTIME_DIR',
    'Where the sign-in, the state and the sockets are kept.',
  ],
  ['NO_COLOR', 'No colours when set.'],
];

async function commandLines(id: string): Promise<string[]> {
  const command = await commandTable[id]?.();
  if (!command) return [];
  const lines = ['.SS', `tunnel ${roff(id)} ${roff(command.usage)}`.trimEnd(), roff(command.summary ?? '')];
  for (const [name, flag] of Object.entries({ ...command.flags, ...TunnelCommand.baseFlags })) {
    const value =
      flag.type === 'option'
        ? ` \\fI${roff([flag.helpValue ?? name.toUpperCase()].flat().join(' '))}\\fR`
        : '';
    lines.push('.TP', `\\fB\\-\\-${roff(name)}\\fR${value}`, roff(flag.description ?? flag.summary ?? ''));
  }
  lines.push(
    '.PP',
    'Examples:',
    '.PP',
    '.nf',
    ...command.examples.map((example) => `  ${roff(example)}`),
    '.fi',
  );
  return lines;
}

/** Text without meaning to roff: backslashes, hyphens that must stay hyphens, dots at the start of a line, and what is not ASCII. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gmu, '\\&')
    .replace(
      /[^\u0000-\u007f]/gu,
      (character) => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}
