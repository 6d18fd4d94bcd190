import { chown, mkdir, mkdtemp, readFile, rename, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instance } from '../../world/world.ts';

/** An account of an emulated instance. */
export interface OsUser {
  readonly name: string;
  readonly uid: number;
}

/** Made by the agent itself where Run As is off, so it is on every instance. */
export const agentUser = 'ssm-user';

const firstUid = 23_000;

/** The accounts of an instance, besides root: what the world names, and the agent's own. */
export function usersOf({ users }: Pick<Instance, 'users'>): readonly OsUser[] {
  return [agentUser, ...users].map((name, place) => ({ name, uid: firstUid + place }));
}

/** Files that make these accounts exist for the programs of one instance, and the home of one of them. */
export interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
  readonly home: string;
}

/**
 * Writes passwd and group of an instance and makes a home.
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
  const home = join(place, 'home', user.name);
  // Each home is its account's alone; the folder above is passed through, as /home is.
  await mkdir(join(place, 'home'), { recursive: true, mode: 0o755 });
  await mkdir(home, { recursive: true, mode: 0o700 });
  if (owned) await chown(home, user.uid, user.uid);
  const users = usersOf(instance);
  const passwd = users.map(({ name, uid }) => `${name}:x:${uid}:${uid}::/home/${name}:/bin/sh`);
  const group = users.map(({ name, uid }) => `${name}:x:${uid}:`);
  const files = { passwd: join(place, 'passwd'), group: join(place, 'group'), home };
  const sshd = `sshd:x:${firstUid - 1}:${firstUid - 1}::/run/sshd:/usr/sbin/nologin`;
  await keep(files.passwd, ['root:x:0:0:root:/root:/bin/sh', sshd, ...passwd, ''].join('\n'));
  await keep(files.group, ['root:x:0:', 'tty:x:5:', ...group, ''].join('\n'));
  return files;
}

/** Writes a file whole or not at all: programs that run at the instance read it meanwhile. */
async function keep(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return;
  const draft = await mkdtemp(`${path}-`);
  await writeFile(join(draft, 'new'), text);
  await rename(join(draft, 'new'), path);
  await rmdir(draft);
}
