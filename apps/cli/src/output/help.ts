import { Problem } from '@sallyport/problems';
import { commandTable } from '../command-table.ts';
import { TunnelCommand } from '../tunnel-command.ts';
import type { World } from '../world.ts';
import { groupsOf } from './groups.ts';
import { paintFor, type Paint } from './paint.ts';

/** Help for the words given: one command, a topic, or everything. Opens with one sentence and examples. */
export async function helpFor(words: readonly string[], world: World): Promise<string> {
  const paint = paintFor(world.stdout.isTTY, world.env);
  const named = words.filter((word) => !word.startsWith('-'));
  for (const count of [2, 1]) {
    const id = named.slice(0, count).join(' ');
    if (named.length >= count && Object.hasOwn(commandTable, id)) return commandHelp(id, paint);
  }
  const topic = named[0];
  if (topic !== undefined && !Object.keys(commandTable).some((id) => id.startsWith(`${topic} `)))
    throw new Problem('COMMAND_UNKNOWN', { detail: `There is no command "${topic.slice(0, 40)}".` });
  return overview(topic, paint);
}

async function overview(topic: string | undefined, { bold }: Paint): Promise<string> {
  const lines = [
    'Sallyport opens private AWS resources to you for the time that was granted, and shuts them again.',
    '',
    '  tunnel ls                                      what you may ask for',
    '  tunnel connect prod-rds                        ask, wait, and open it on this machine',
    '  tunnel connect prod-rds -- psql -c "select 1"  run a program through it',
  ];
  const ids = Object.keys(commandTable);
  const width = Math.max(...ids.map((id) => id.length)) + 1;
  for (const [title, group] of groupsOf(ids)) {
    const shown = group.filter((id) => topic === undefined || id.startsWith(`${topic} `));
    if (shown.length === 0) continue;
    lines.push('', bold(title));
    for (const id of shown) lines.push(`  ${id.padEnd(width)}${(await commandTable[id]?.())?.summary ?? ''}`);
  }
  lines.push(
    '',
    'Each has examples: tunnel COMMAND --help. The control plane is TUNNEL_SERVER (http://localhost:3000).',
  );
  return lines.join('\n');
}

async function commandHelp(id: string, { bold }: Paint): Promise<string> {
  const command = await commandTable[id]?.();
  if (!command) throw new Problem('COMMAND_UNKNOWN');
  const flags = { ...command.flags, ...TunnelCommand.baseFlags };
  const rows = Object.entries(flags).map(([name, flag]) => [
    `--${name}${flag.type === 'option' ? ` ${[flag.helpValue ?? name.toUpperCase()].flat().join(' ')}` : ''}`,
    flag.description ?? flag.summary ?? '',
  ]);
  const width = Math.max(...rows.map(([left = '']) => left.length)) + 2;
  return [
    command.summary ?? '',
    '',
    ...command.examples.map((example) => `  ${example}`),
    '',
    `${bold('Usage')}  tunnel ${id}${command.usage ? ` ${command.usage}` : ''}`,
    '',
    bold('Options'),
    ...rows.map(([left = '', right = '']) => `  ${left.padEnd(width)}${right}`),
  ].join('\n');
}
