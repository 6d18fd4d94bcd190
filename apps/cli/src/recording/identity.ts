import { constants } from 'node:fs';
import { mkdir, open, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Problem } from '@sallyport/problems';
import { generateKey, readIdentities } from '@sallyport/recording';
import { directoriesOf } from '../settings/directories.ts';
import { readPrivateFile } from '../settings/private-files.ts';
import type { World } from '../world.ts';

const identityBytesMax = 100_000;

/** Where an auditor's private key lies when no file is named. */
export function ownIdentityPath(world: Pick<World, 'env' | 'home'>): string {
  return join(directoriesOf(world).config, 'auditors-key.txt');
}

/** Makes a key of auditors: the private half in a new file of mode 0600, as `age-keygen` writes it. RECORDING_IDENTITY_EXISTS when there is a file already. */
export async function makeIdentity(
  world: World,
  file: string | undefined,
): Promise<{ readonly recipient: string; readonly path: string }> {
  const path = file === undefined ? ownIdentityPath(world) : resolve(file);
  const { recipient, identity } = await generateKey();
  const created = new Date(world.effects.clock.now()).toISOString();
  if (file === undefined) await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const made = await open(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  ).catch((cause: NodeJS.ErrnoException) => {
    const code = cause.code === 'EEXIST' ? 'RECORDING_IDENTITY_EXISTS' : 'FILE_UNUSABLE';
    const detail = cause.code === 'EEXIST' ? `${path} is there already.` : `${path} could not be written.`;
    throw new Problem(code, { detail, cause });
  });
  try {
    await made.writeFile(`# created: ${created}\n# public key: ${recipient}\n${identity}\n`);
    await made.sync();
  } catch (cause) {
    // Half a key is none.
    await unlink(path).catch(() => undefined);
    throw new Problem('FILE_UNUSABLE', { detail: `${path} could not be written.`, cause });
  } finally {
    await made.close();
  }
  return { recipient, path };
}

/** The private keys of a file that its owner alone may read, or of standard input where the file is `-` (RECORDING_IDENTITY_INVALID). */
export async function identitiesOf(world: World, file: string | undefined): Promise<readonly string[]> {
  if (file === '-') return readIdentities(await world.stdin.readAll(identityBytesMax));
  const path = file === undefined ? ownIdentityPath(world) : resolve(file);
  const text = await readPrivateFile(path, 'RECORDING_IDENTITY_INVALID', world);
  if (text === undefined)
    throw new Problem('RECORDING_IDENTITY_INVALID', {
      detail: `There is no file ${path}; name one with --identity.`,
    });
  return readIdentities(text);
}
