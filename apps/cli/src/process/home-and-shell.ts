import { homedir, userInfo } from 'node:os';

/**
 * The home of who runs this, by HOME or by the system's list of users. A user may be on no list (a container's `--user`, a user of a directory that is away): then there is no home, and
 * what would be written there is refused where it is written. The library of commands asks for both by itself and fails without them, hence the variables of this process;
 * programs that we start get the person's own.
 */
export function homeAndShell(): string {
  const home = known(homedir) ?? nowhere;
  process.env['HOME'] ||= home;
  process.env['SHELL'] ||= known(() => userInfo().shell) ?? '/bin/sh';
  return home;
}

/** Debian's name for the home of users who have none. */
const nowhere = '/nonexistent';

function known(ask: () => string | null): string | undefined {
  try {
    return ask() || undefined;
  } catch {
    return undefined;
  }
}
