import { join } from 'node:path';
import { Problem } from '@sallyport/problems';
import type { World } from '../world.ts';
import { directoriesOf } from './directories.ts';
import { readPrivateFile, removeFile, writePrivateFile } from './private-files.ts';

/** One sign-in of this machine. The token lies in the clear, protected by the file's mode alone. */
export interface SignIn {
  readonly token: string;
  /** Present when `tunnel login` made the token by prompt; `logout` then revokes it. */
  readonly tokenId?: string;
  readonly email: string;
}

interface TokenFile {
  readonly version: 1;
  /** By origin of the control plane. */
  readonly servers: Readonly<Record<string, SignIn>>;
}

export function tokenFilePath(world: Pick<World, 'env' | 'home'>): string {
  return join(directoriesOf(world).config, 'sign-ins.json');
}

/** The sign-in for a control plane, or undefined. Refuses with TOKEN_FILE_UNSAFE (mode, owner, link). */
export async function readSignIn(world: World, server: URL): Promise<SignIn | undefined> {
  return (await readTokenFile(world)).servers[server.origin];
}

/** Keeps the sign-in for a control plane, or forgets it. */
export async function saveSignIn(world: World, server: URL, signIn: SignIn | undefined): Promise<void> {
  const { [server.origin]: _, ...others } = (await readTokenFile(world)).servers;
  const servers = signIn ? { ...others, [server.origin]: signIn } : others;
  if (Object.keys(servers).length === 0) return removeFile(tokenFilePath(world));
  await writePrivateFile(
    tokenFilePath(world),
    JSON.stringify({ version: 1, servers } satisfies TokenFile),
    world,
  );
}

async function readTokenFile(world: World): Promise<TokenFile> {
  const path = tokenFilePath(world);
  const text = await readPrivateFile(path, 'TOKEN_FILE_UNSAFE', world);
  if (text === undefined) return { version: 1, servers: {} };
  try {
    const file = JSON.parse(text) as TokenFile;
    if (file.version === 1 && typeof file.servers === 'object' && file.servers !== null) return file;
  } catch (cause) {
    throw new Problem('FILE_UNUSABLE', {
      detail: `${path} is not valid; remove it and sign in again.`,
      cause,
    });
  }
  throw new Problem('FILE_UNUSABLE', {
    detail: `${path} was written by another version; remove it and sign in again.`,
  });
}
