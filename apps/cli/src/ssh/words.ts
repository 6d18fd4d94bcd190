/** Options of ours at the beginning of a command line; what follows belongs to ssh or scp. `valued` take the next word with them. */
export function leadingOptions(
  argv: readonly string[],
  valued: readonly string[],
): { ours: string[]; rest: string[] } {
  let at = 0;
  while (argv[at]?.startsWith('--') && argv[at] !== '--') at += valued.includes(argv[at] ?? '') ? 2 : 1;
  return { ours: argv.slice(0, at), rest: argv.slice(at) };
}

/** The parts of `tunnel ssh [ours] HOST [options of ssh] [-- CMD]`. */
export function splitWords(
  argv: readonly string[],
  valued: readonly string[],
): { ours: string[]; host: string | undefined; theirs: string[]; command: string[] } {
  const { ours, rest } = leadingOptions(argv, valued);
  const named = rest[0] !== undefined && !rest[0].startsWith('-');
  const [host, more] = named ? [rest[0], rest.slice(1)] : [undefined, rest];
  const end = more.indexOf('--');
  return {
    ours,
    host,
    theirs: end < 0 ? more : more.slice(0, end),
    command: end < 0 ? [] : more.slice(end + 1),
  };
}
