import { Problem } from '@sallyport/problems';
import { commandTable } from './command-table.ts';
import { exitCodes } from './exit-codes.ts';
import { Printer } from './output/printer.ts';
import { optionsOf } from './options-of.ts';
import { Interrupted, type World } from './world.ts';

/** Runs one command line and resolves with its exit code. Never throws; every failure is told here and only here. */
export async function runTunnel(argv: readonly string[], world: World): Promise<number> {
  const options = optionsOf(argv);
  const printer = new Printer(world, options.includes('--json'));
  try {
    if (options[0] === '--version' || options[0] === '-v') {
      printer.answer({ id: 'tunnel', version: world.version }, () => `tunnel ${world.version}`);
      return exitCodes.done;
    }
    if (options[0] === 'daemon') {
      const { runDaemon } = await import('./daemon/run-daemon.ts');
      return await runDaemon(world);
    }
    if (options[0] === 'complete') {
      const { complete } = await import('./completion/complete.ts');
      return await complete(argv, world);
    }
    if (options.includes('--help') || options.includes('-h') || options[0] === 'help') {
      const { helpFor } = await import('./output/help.ts');
      const words = options.filter((word) => !['--help', '-h', 'help'].includes(word));
      const text = await helpFor(words, world);
      printer.answer(
        { id: ['tunnel', ...words.filter((word) => !word.startsWith('-'))].join(' '), text },
        () => text,
      );
      return exitCodes.done;
    }
    const { id, rest } = await resolveCommand(argv);
    // oclif comes with the command: the version and the way to an unknown command do without it.
    const { runCommand } = await import('./run-command.ts');
    return await runCommand(id, rest, world);
  } catch (error) {
    return await report(error, printer, options.includes('--debug'));
  }
}

/** The longest run of leading words that names a command: `audit search`, then `audit`. */
async function resolveCommand(argv: readonly string[]): Promise<{ id: string; rest: string[] }> {
  const first = optionsOf(argv).findIndex((word) => word.startsWith('-'));
  const words = argv.slice(0, first < 0 ? optionsOf(argv).length : first);
  if (words.length === 0) return { id: 'status', rest: [...argv] };
  for (const count of [2, 1]) {
    const id = words.slice(0, count).join(' ');
    if (words.length >= count && Object.hasOwn(commandTable, id)) return { id, rest: argv.slice(count) };
  }
  const { nearest } = await import('./output/nearest.ts');
  const typed = words.slice(0, 2).join(' ');
  const topic = Object.keys(commandTable).filter((id) => id.startsWith(`${words[0]} `));
  // The name of a group alone is no slip of the finger: everything in it is told.
  const suggestion =
    topic.length > 0 && words.length === 1
      ? undefined
      : nearest(
          topic.length > 0 ? typed : (words[0] ?? ''),
          topic.length > 0 ? topic : Object.keys(commandTable),
        );
  throw new Problem('COMMAND_UNKNOWN', {
    detail: `There is no command "${(topic.length > 0 ? typed : (words[0] ?? '')).slice(0, 40)}"${
      suggestion
        ? `; did you mean: tunnel ${suggestion}`
        : topic.length > 0
          ? `; there is: ${topic.map((id) => `tunnel ${id}`).join(', ')}`
          : ''
    }.`,
  });
}

async function report(error: unknown, printer: Printer, debug: boolean): Promise<number> {
  if (error instanceof Interrupted) {
    if (error.next) printer.say(`\nGo on with: ${error.next}`);
    return exitCodes.interrupted;
  }
  const { troubleOf, troubleText } = await import('./output/problem-text.ts');
  const trouble = troubleOf(asUsage(error));
  if (printer.json) printer.object({ error: trouble });
  const [first = '', ...more] = troubleText(trouble).split('\n');
  printer.say([printer.talkPaint.bad(first), ...more].join('\n'));
  // Stacks name places in our code; messages of foreign errors may quote what they were given.
  if (trouble.kind === 'bug' && error instanceof Error && debug)
    printer.say(
      (error.stack ?? '')
        .split('\n')
        .filter((line) => line.trimStart().startsWith('at '))
        .join('\n'),
    );
  return trouble.exitCode;
}

/** oclif's own errors about the way a command was written, as COMMAND_USAGE. */
function asUsage(error: unknown): unknown {
  if (!(error instanceof Error) || !('parse' in error || 'oclif' in error)) return error;
  const sentence = error.message
    .split('\n')
    .filter((line) => line && !line.startsWith('See more help'))
    .join(' ')
    .replace(/\s+/gu, ' ')
    .trim();
  return new Problem('COMMAND_USAGE', { detail: sentence, cause: error });
}
