import { readFileSync } from 'node:fs';
import { chown, mkdir, mkdtemp, rename, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instance } from '../../world/world.ts';

/** An account of an emulated instance. */
export interface OsUser {
  readonly name: string;
  readonly uid: number;
}

/** Made by the agent itself where Run As is off, so it is on every instance unless somebody took it and the means away. */
export const agentUser = 'ssm-user';

const firstUid = 23_000;

/** The accounts of an instance, besides root: what the world names, and the agent's own. */
export function usersOf({
  users,
  agentUser: there,
}: Pick<Instance, 'users' | 'agentUser'>): readonly OsUser[] {
  const all = [agentUser, ...users].map((name, place) => ({ name, uid: firstUid + place }));
  return there ? all : all.slice(1);
}

/** The accounts of an instance as its programs see them: those of the world, and what commands made there since. */
export function accountsOf(
  folder: string,
  instance: Pick<Instance, 'id' | 'users' | 'agentUser'>,
): readonly OsUser[] {
  const base = usersOf(instance);
  const lines = linesOf(join(folder, 'instances', instance.id, 'etc', 'passwd'));
  const made = lines.flatMap((line): OsUser[] => {
    const [name = '', , uid = ''] = line.split(':');
    const known = notPeople.has(name) || base.some((user) => user.name === name);
    return known ? [] : [{ name, uid: Number(uid) }];
  });
  return [...base, ...made];
}

/** The accounts that leaving has locked: nothing of theirs runs on. */
export function lockedAccountsOf(folder: string, { id }: Pick<Instance, 'id'>): ReadonlySet<string> {
  const lines = linesOf(join(folder, 'instances', id, 'etc', 'shadow'));
  const locked = lines
    .map((line) => line.split(':'))
    .filter(([, word = '', , , , , , until]) => {
      return word.startsWith('!') && until === '1';
    });
  return new Set(locked.map(([name = '']) => name));
}

const notPeople = new Set(['root', 'sshd']);

/** Files that make these accounts exist for the programs of one instance, and the home of one of them. */
export interface AccountFiles {
  /** What stands for /etc when a command changes accounts; the three files are in it. */
  readonly etc: string;
  readonly passwd: string;
  readonly group: string;
  readonly shadow: string;
  readonly home: string;
}

/**
 * Writes the accounts of an instance, as far as they are not there yet, and makes a home. Accounts that commands made
 * on it stay.
 *
 * @param owned the home is given to the account's own id; only root can.
 */
export async function accountFiles(
  folder: string,
  instance: Instance,
  user: OsUser,
  owned: boolean,
): Promise<AccountFiles> {
  const place = join(folder, 'instances', instance.id);
  const etc = join(place, 'etc');
  const home = join(place, 'home', user.name);
  await mkdir(etc, { recursive: true, mode: 0o755 });
  // Each home is its account's alone; the folder above is passed through, as /home is.
  await mkdir(join(place, 'home'), { recursive: true, mode: 0o755 });
  await mkdir(home, { recursive: true, mode: 0o700 });
  if (owned) await chown(home, user.uid, user.uid);
  const users = usersOf(instance);
  const names = ['root', 'sshd', ...users.map(({ name }) => name)];
  const files = { passwd: join(etc, 'passwd'), group: join(etc, 'group'), shadow: join(etc, 'shadow') };
  await keep(files.passwd, [
    'root:x:0:0:root:/root:/bin/sh',
    `sshd:x:${firstUid - 1}:${firstUid - 1}::/run/sshd:/usr/sbin/nologin`,
    ...users.map(({ name, uid }) => `${name}:x:${uid}:${uid}::/home/${name}:/bin/sh`),
  ]);
  await keep(files.group, ['root:x:0:', 'tty:x:5:', ...users.map(({ name, uid }) => `${name}:x:${uid}:`)]);
  // No password opens them, and none is locked: an sshd without PAM asks for that.
  await keep(
    files.shadow,
    names.map((name) => `${name}:*:20000:0:99999:7:::`),
    0o640,
  );
  return { ...files, etc, home };
}

/** Puts lines into a file, whole or not at all: programs that run at the instance read it meanwhile. Others stay. */
async function keep(path: string, lines: readonly string[], mode = 0o644): Promise<void> {
  const there = linesOf(path);
  // A group may have members since, and an account another password.
  const begins = (line: string) => (path.endsWith('shadow') ? `${nameOf(line)}:` : line);
  if (lines.every((line) => there.some((known) => known.startsWith(begins(line))))) return;
  const mine = new Set(lines.map(nameOf));
  const text = [...lines, ...there.filter((line) => !mine.has(nameOf(line))), ''].join('\n');
  const draft = await mkdtemp(`${path}-`);
  await writeFile(join(draft, 'new'), text, { mode });
  await rename(join(draft, 'new'), path);
  await rmdir(draft);
}

const nameOf = (line: string) => line.slice(0, line.indexOf(':'));

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return []; // not written yet
  }
}
