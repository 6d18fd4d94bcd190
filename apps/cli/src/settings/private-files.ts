import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Problem, type ProblemCode } from '@sallyport/problems';
import type { World } from '../world.ts';

type Owner = Pick<World, 'uid' | 'effects'>;

/** A private file larger than this is not one of ours. */
const fileBytesMax = 256 * 1024;

/** Makes the folder (mode 0700) and refuses one that others can enter or that is somebody else's. */
export async function makePrivateDirectory(path: string, { uid }: Pick<Owner, 'uid'>): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const found = await lstat(path);
    if (!found.isDirectory() || (uid !== undefined && found.uid !== uid))
      throw new Problem('FILE_UNUSABLE', { detail: `${path} is not a folder of yours.` });
    if ((found.mode & 0o077) !== 0) await chmod(path, 0o700);
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem('FILE_UNUSABLE', { detail: `${path} could not be made or used.`, cause });
  }
}

/**
 * Reads a file that only its owner may read; undefined when there is none. Refuses with `unsafe` when it is a link or
 * not a plain file, belongs to somebody else, or has any bit for group or others.
 */
export async function readPrivateFile(
  path: string,
  unsafe: ProblemCode,
  { uid }: Pick<Owner, 'uid'>,
): Promise<string | undefined> {
  let file;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'ELOOP' || code === 'EMLINK')
      throw new Problem(unsafe, { detail: `${path} is a link.`, cause });
    throw new Problem('FILE_UNUSABLE', { detail: `${path} could not be read.`, cause });
  }
  try {
    // Asked of the open file, not of the path: nobody can swap it in between.
    const found = await file.stat();
    if (!found.isFile() || found.nlink > 1)
      throw new Problem(unsafe, { detail: `${path} is not a plain file of its own.` });
    if (uid !== undefined && found.uid !== uid)
      throw new Problem(unsafe, { detail: `${path} belongs to somebody else.` });
    if ((found.mode & 0o077) !== 0)
      throw new Problem(unsafe, {
        detail: `${path} has mode ${(found.mode & 0o777).toString(8).padStart(4, '0')} instead of 0600.`,
      });
    if (found.size > fileBytesMax) throw new Problem('FILE_UNUSABLE', { detail: `${path} is too large.` });
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Writes a file with mode 0600 whole or not at all: a new file beside it (O_EXCL), fsync, rename. */
export async function writePrivateFile(path: string, text: string, owner: Owner): Promise<void> {
  const directory = dirname(path);
  await makePrivateDirectory(directory, owner);
  await sweepDrafts(directory, owner);
  const draft = join(directory, `.${owner.effects.random.uuid()}.draft`);
  try {
    const file = await open(
      draft,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (cause) {
    await unlink(draft).catch(() => undefined);
    throw new Problem('FILE_UNUSABLE', { detail: `${path} could not be written.`, cause });
  }
}

/** A draft is renamed within the same breath; what is older was left by a kill. */
const draftLivesMs = 60_000;

/** Removes the drafts that killed processes left in a folder. Never fails: whoever cannot remove them leaves them. */
export async function sweepDrafts(directory: string, { effects }: Pick<Owner, 'effects'>): Promise<void> {
  const names = await readdir(directory).catch(() => [] as string[]);
  for (const name of names.filter((file) => /^\.[0-9a-f-]{36}\.draft$/u.test(file))) {
    const path = join(directory, name);
    const found = await lstat(path).catch(() => undefined);
    if (found && effects.clock.now() - found.mtimeMs > draftLivesMs)
      await unlink(path).catch(() => undefined);
  }
}

/** Removes a file; one that is not there is fine. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new Problem('FILE_UNUSABLE', { detail: `${path} could not be removed.`, cause });
  }
}
