/** One word of a POSIX shell, quoted so that nothing in it is expanded. */
export function shellQuoted(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** `export NAME=value` lines for `eval`. Names are ours; values are quoted. */
export function exportLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${shellQuoted(value)}`)
    .join('\n');
}

/** Whether a variable can be named in a shell; the environment may hold others. */
export function isShellName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/u.test(name);
}

/** `unset NAME ...`, one line; empty when there is nothing to unset. */
export function unsetLine(names: readonly string[]): string {
  return names.length === 0 ? '' : `unset ${names.join(' ')}`;
}
