/** The commands as `command-surface.snapshot.json` holds them. */
export type Surface = Readonly<
  Record<
    string,
    { readonly usage: string; readonly flags: readonly string[]; readonly valued: readonly string[] }
  >
>;

/** What the control plane knows that can stand in a command line. */
export interface KnownWords {
  readonly resources: readonly string[];
  readonly requests: readonly string[];
  readonly toReview: readonly string[];
  readonly grants: readonly string[];
  readonly tags: readonly string[];
}

export const noWords: KnownWords = { resources: [], requests: [], toReview: [], grants: [], tags: [] };

type Kind = keyof KnownWords;

/** What the arguments of a command are; commands that take none are not here. */
const argumentsOf: Readonly<Record<string, Kind | readonly string[]>> = {
  show: 'resources',
  request: 'resources',
  connect: 'resources',
  ssh: 'resources',
  shell: 'resources',
  exec: 'resources',
  proxy: 'resources',
  url: 'resources',
  env: 'resources',
  creds: 'resources',
  stop: 'resources',
  done: 'resources',
  extend: 'resources',
  doctor: 'resources',
  approve: 'toReview',
  deny: 'toReview',
  cancel: 'requests',
  revoke: 'grants',
  completion: ['bash', 'zsh', 'fish'],
};

/** What the value of a flag is, where that is known. */
const valuesOf: Readonly<Record<string, Kind | readonly string[]>> = {
  tag: 'tags',
  only: 'resources',
  resource: 'resources',
  grant: 'grants',
  request: 'requests',
  'while-down': ['wait', 'refuse'],
  via: ['tun', 'filter', 'port'],
};

/** What is needed before candidates can be told: nothing from outside, or words of this kind. */
export function wanted(typed: readonly string[], surface: Surface): Kind | 'nothing' {
  const asked = askedFor(typed, surface);
  return typeof asked === 'string' ? asked : 'nothing';
}

/**
 * What may stand in place of the last word typed (`''` when a new word begins). Nothing after `--`: there the words belong to another program.
 */
export function candidates(typed: readonly string[], surface: Surface, known: KnownWords): readonly string[] {
  const asked = askedFor(typed, surface);
  const all = typeof asked === 'string' ? known[asked] : asked;
  const last = typed.at(-1) ?? '';
  const before = typed.slice(0, -1);
  // Only what a shell takes as it is: names from the network must not become its syntax.
  return [...new Set(all)].filter(
    (word) =>
      word.startsWith(last) &&
      /^[A-Za-z0-9@%+=:,./_-]+$/u.test(word) &&
      (word.startsWith('--') || !before.includes(word)),
  );
}

function askedFor(typed: readonly string[], surface: Surface): Kind | readonly string[] {
  const last = typed.at(-1) ?? '';
  const before = typed.slice(0, -1);
  if (before.includes('--')) return [];
  const id = [2, 1]
    .map((count) => before.slice(0, count).join(' '))
    .find((words) => Object.hasOwn(surface, words));
  const command = id === undefined ? undefined : surface[id];
  if (id === undefined || !command) {
    if (last.startsWith('-')) return ['--help', '--version', '--json', '--debug'];
    const typedSoFar = before.join(' ');
    return Object.keys(surface)
      .filter((other) => typedSoFar === '' || other.startsWith(`${typedSoFar} `))
      .map((other) => other.split(' ')[before.length] ?? '')
      .filter(Boolean);
  }
  const previous = before.at(-1) ?? '';
  if (previous.startsWith('--') && command.valued.includes(previous.slice(2)))
    return valuesOf[previous.slice(2)] ?? [];
  if (last.startsWith('-'))
    return [...command.flags.map((flag) => `--${flag}`), '--help'].filter((flag) => !before.includes(flag));
  return argumentsOf[id] ?? [];
}
