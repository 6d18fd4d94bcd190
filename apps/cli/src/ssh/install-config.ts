import { constants } from 'node:fs';
import { access, chmod, copyFile, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Problem } from '@sallyport/problems';
import { makePrivateDirectory, removeFile, writePrivateFile } from '../settings/private-files.ts';
import type { World } from '../world.ts';
import { sshPlaces } from './places.ts';
import { everythingText, isWritable, personsConfig } from './ssh-config.ts';

/** What was done to ~/.ssh/config. */
export interface Installed {
  readonly state: 'installed' | 'unchanged' | 'removed';
  /** The person's file. */
  readonly path: string;
  /** The file that it includes. */
  readonly include: string;
  /** A copy of the person's file as it was before; null when nothing was changed in it. */
  readonly backup: string | null;
}

const mark = '# Hosts of Sallyport; taken away by: tunnel ssh-config --uninstall';
const backupEnding = '.before-sallyport';

/** Writes our hosts where ssh, scp and editors find them: a file of ours, and one line at the top of ~/.ssh/config. Done again it changes nothing. */
export async function installConfig(world: World, text: string): Promise<Installed> {
  const fresh = await writeHosts(world, text);
  const { hosts } = sshPlaces(world);
  const changed = await rewrite(world, (before) => `${mark}\nInclude "${hosts}"\n${without(before, hosts)}`);
  return {
    ...changed,
    include: hosts,
    state: fresh || changed.backup !== null || changed.made ? 'installed' : 'unchanged',
  };
}

/** Takes both away again; the rest of ~/.ssh/config stays as it is. */
export async function uninstallConfig(world: World): Promise<Installed> {
  const { hosts } = sshPlaces(world);
  const there = await exists(hosts);
  const changed = await rewrite(world, (before) => without(before, hosts));
  await removeFile(hosts);
  return { ...changed, include: hosts, state: there || changed.backup !== null ? 'removed' : 'unchanged' };
}

/** Writes the file of our hosts and that of `tunnel ssh`; tells whether the former was another before. */
export async function writeHosts(world: World, text: string): Promise<boolean> {
  if (!isWritable(world))
    throw new Problem('FILE_UNUSABLE', {
      detail: 'A folder with a quotation mark in its name cannot stand in an ssh_config.',
    });
  const { hosts, everything } = sshPlaces(world);
  const before = await readFile(hosts, 'utf8').catch(() => undefined);
  if (before !== text) await writePrivateFile(hosts, text, world);
  const all = everythingText(world);
  if ((await readFile(everything, 'utf8').catch(() => undefined)) !== all)
    await writePrivateFile(everything, all, world);
  return before !== text;
}

/** The text without our lines, wherever they have been moved. */
function without(text: string, include: string): string {
  const ours = new Set([mark, `Include "${include}"`]);
  return text
    .split('\n')
    .filter((line) => !ours.has(line.trim()))
    .join('\n');
}

/** Changes ~/.ssh/config whole or not at all, with a copy of what it was; its mode stays, a link stays a link. */
async function rewrite(
  world: World,
  change: (before: string) => string,
): Promise<{ path: string; backup: string | null; made: boolean }> {
  const path = personsConfig(world);
  try {
    const target = await realpath(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return undefined;
    });
    const before = target === undefined ? '' : await readFile(target, 'utf8');
    const after = change(before);
    if (after === before) return { path, backup: null, made: false };
    if (target === undefined) await makePrivateDirectory(dirname(path), world);
    const mode = target === undefined ? 0o600 : (await stat(target)).mode & 0o7777;
    const backup = target === undefined ? null : await backedUp(target, mode);
    await replace(world, target ?? path, after, mode);
    return { path, backup, made: target === undefined };
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem('FILE_UNUSABLE', { detail: `${path} could not be changed.`, cause });
  }
}

/** Copies of one file that are made beside it before somebody has to tidy. */
const backupsMax = 100;

/** A copy beside the file, under the first name that is free: an older copy may be the only one of what a person wrote. */
async function backedUp(target: string, mode: number): Promise<string> {
  for (let number = 1; number <= backupsMax; number++) {
    const backup = `${target}${backupEnding}${number === 1 ? '' : `.${number}`}`;
    try {
      await copyFile(target, backup, constants.COPYFILE_EXCL);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      continue;
    }
    await chmod(backup, mode & 0o700);
    return backup;
  }
  throw new Problem('FILE_UNUSABLE', {
    detail: `${target} has ${backupsMax} copies beside it (${backupEnding}); remove those that nobody needs.`,
  });
}

async function replace(world: World, path: string, text: string, mode: number): Promise<void> {
  const draft = join(dirname(path), `.${world.effects.random.uuid()}.draft`);
  const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(text);
    await file.chmod(mode);
    await file.sync();
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
