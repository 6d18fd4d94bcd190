import { constants } from 'node:fs';
import { access, chmod, mkdir, open, realpath, rename, unlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { Problem } from '@sallyport/problems';
import { shellQuoted } from '../clients/shell-words.ts';
import { programItself } from '../process/program-itself.ts';
import type { World } from '../world.ts';

/** Under this name the AWS CLI looks for it. */
const fileName = 'session-manager-plugin';
/** By this line ours are known; nothing without it is ever overwritten or removed. */
const mark = '# Sallyport: taken away by tunnel plugin uninstall';

/** One session-manager-plugin that the AWS CLI may find. */
export interface FoundPlugin {
  readonly path: string;
  readonly ours: boolean;
}

export interface PluginPlaces {
  /** In the order of PATH: the AWS CLI starts the first. */
  readonly onPath: readonly FoundPlugin[];
  /** Folders of PATH, in order. */
  readonly folders: readonly string[];
}

/** Looks along PATH. Files that cannot be read count as somebody else's. */
export async function findPlugins({ env }: Pick<World, 'env'>): Promise<PluginPlaces> {
  const folders = [...new Set((env['PATH'] ?? '').split(delimiter).filter(isAbsolute))];
  const onPath: FoundPlugin[] = [];
  for (const folder of folders) {
    const path = join(folder, fileName);
    if (await runnable(path)) onPath.push({ path, ours: await isOurs(path) });
  }
  return { onPath, folders };
}

export interface InstallWish {
  readonly dir: string | undefined;
  readonly force: boolean;
  /** What is to be started; left out, what came with this program. */
  readonly program?: string;
}

export interface InstalledPlugin {
  readonly state: 'installed' | 'unchanged';
  readonly path: string;
  /** What the AWS CLI starts now; another one where PATH has that first, null where PATH leads to none. */
  readonly first: string | null;
}

/**
 * Puts ours where the AWS CLI finds it: the folder that is named, else ~/.local/bin. Refuses with PLUGIN_OTHER_PRESENT when PATH has another one and nothing was said about it, and
 * with PLUGIN_FILE_FOREIGN where another one lies in the very place. Done again it changes nothing.
 */
export async function installPlugin(
  world: World,
  { dir, force, program }: InstallWish,
): Promise<InstalledPlugin> {
  const { onPath } = await findPlugins(world);
  const other = onPath.find(({ ours }) => !ours);
  if (other && !force && dir === undefined)
    throw new Problem('PLUGIN_OTHER_PRESENT', {
      detail: `${other.path} is another session-manager-plugin; the AWS CLI would start ${onPath[0] === other ? 'that one or ours, whichever PATH has first' : 'ours instead of it'}.`,
    });
  const path = join(dir === undefined ? join(world.home, '.local/bin') : resolve(dir), fileName);
  const before = await textOf(path);
  if (before !== undefined && !before.includes(mark))
    throw new Problem('PLUGIN_FILE_FOREIGN', { detail: `${path} is not ours.` });
  const text = await wrapper(program);
  if (before !== text) await writeProgram(world, path, text);
  const after = await findPlugins(world);
  return { state: before === text ? 'unchanged' : 'installed', path, first: after.onPath[0]?.path ?? null };
}

/** Takes ours away, from the folder that is named or from wherever PATH and the usual place have one. */
export async function uninstallPlugin(world: World, dir: string | undefined): Promise<readonly string[]> {
  const usual = join(world.home, '.local/bin', fileName);
  const { onPath } = await findPlugins(world);
  const paths =
    dir === undefined ? [...onPath.map(({ path }) => path), usual] : [join(resolve(dir), fileName)];
  const removed: string[] = [];
  for (const path of new Set(paths)) {
    if (await isOurs(path)) {
      await unlink(path).catch((cause: unknown) => unusable(path, 'removed', cause));
      removed.push(path);
    } else if (dir !== undefined && (await textOf(path)) !== undefined)
      throw new Problem('PLUGIN_FILE_FOREIGN', { detail: `${path} is not ours.` });
  }
  return removed;
}

/** The AWS CLI starts a program; ours needs the Node that runs this one. */
async function wrapper(given: string | undefined): Promise<string> {
  const [node = process.execPath, script = ''] = programItself();
  // A package manager's own folder of programs holds links.
  const program = given ?? join(dirname(await realpath(script)), `${fileName}.js`);
  await access(program).catch((cause: unknown) => unusable(program, 'read', cause));
  return `#!/bin/sh\n${mark}\nexec ${shellQuoted(node)} ${shellQuoted(program)} "$@"\n`;
}

async function writeProgram({ effects }: World, path: string, text: string): Promise<void> {
  const draft = join(dirname(path), `.${effects.random.uuid()}.draft`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, text, { flag: 'wx', mode: 0o755 });
    // Whatever the umask made of it.
    await chmod(draft, 0o755);
    await rename(draft, path);
  } catch (cause) {
    await unlink(draft).catch(() => undefined);
    unusable(path, 'written', cause);
  }
}

function unusable(path: string, what: string, cause: unknown): never {
  throw new Problem('FILE_UNUSABLE', { detail: `${path} could not be ${what}.`, cause });
}

async function runnable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function isOurs(path: string): Promise<boolean> {
  return (await textOf(path))?.includes(mark) ?? false;
}

/** The beginning of a file as text, which is enough to know ours; undefined when there is none. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(4_096), 0, 4_096, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return undefined;
    // There is something, and it is not ours to read.
    return '';
  }
}
