import { chmod, chown, open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';

/** How often the file is read again because somebody else wrote it meanwhile. */
const attempts = 50;

/**
 * Changes /etc/hosts (or what it points to) as a whole: a reader sees the old text or the new one. Written beside and renamed; where the file is
 * a mount of its own (containers), or its folder may not be written, it is written in place. When another program writes in between, its text
 * is taken up and changed again. Gives false when nothing was to be changed.
 */
export async function changeHostsFile(path: string, change: (text: string) => string): Promise<boolean> {
  const target = await realpath(path);
  const beside = `${target}.sallyport`;
  for (let attempt = 1; ; attempt += 1) {
    const before = await readFile(target, 'latin1');
    const after = change(before);
    if (after === before) return false;
    try {
      await writeBeside(target, beside, after);
      if ((await readFile(target, 'latin1')) !== before && attempt < attempts) continue;
      await rename(beside, target);
      return true;
    } catch (cause) {
      if (!isNoRename(cause)) throw cause;
      await writeFile(target, after, { encoding: 'latin1', flag: 'r+' });
      await truncated(target, after.length);
      return true;
    } finally {
      await rm(beside, { force: true });
    }
  }
}

/** latin1 keeps every byte: the file is text of an unknown encoding to us. */
async function writeBeside(target: string, beside: string, text: string): Promise<void> {
  const { mode, uid, gid } = await stat(target);
  await rm(beside, { force: true });
  const file = await open(beside, 'wx', 0o600);
  try {
    await file.writeFile(text, 'latin1');
    await file.sync();
  } finally {
    await file.close();
  }
  await chown(beside, uid, gid);
  await chmod(beside, mode & 0o7777);
}

async function truncated(path: string, length: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.truncate(length);
    await file.sync();
  } finally {
    await file.close();
  }
}

function isNoRename(cause: unknown): boolean {
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? '';
  return ['EBUSY', 'EXDEV', 'EROFS', 'EACCES', 'EPERM'].includes(code);
}
