import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file of mode 0600, beside and renamed, so that a kill leaves the old file or the new one, never half of one. */
export async function writePrivateText(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.new`;
  await writeFile(beside, content, { mode: 0o600 });
  await chmod(beside, 0o600);
  await rename(beside, file);
}
