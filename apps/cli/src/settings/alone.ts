import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Problem } from '@sallyport/problems';
import { startOfProcess } from '../local/process-identity.ts';
import { makePrivateDirectory } from './private-files.ts';
import type { World } from '../world.ts';

/** A lock that is younger is not asked for its process: a change of a small file takes milliseconds. */
const abandonedMs = 5_000;
const waitMs = 15;
const waitsMax = 1_000;

type Owner = Pick<World, 'uid' | 'pid' | 'effects'>;

/**
 * Changes a file while no other process of this person does: a folder beside it (`.lock`) says so. Refuses with
 * FILE_UNUSABLE when it cannot be had for a quarter of a minute.
 */
export async function alone<T>(path: string, world: Owner, change: () => Promise<T>): Promise<T> {
  const lock = await Lock.prepared(path, world);
  try {
    for (let tries = 0; !(await lock.taken()); tries++) {
      if (tries >= waitsMax)
        throw new Problem('FILE_UNUSABLE', { detail: `${lock.path} has been there too long; remove it.` });
      await world.effects.timers.wait(waitMs);
    }
    return await change();
  } finally {
    await lock.release();
  }
}

/** As {@link alone}, where it can be had at once; undefined where another process has it. */
export async function aloneIfFree<T>(
  path: string,
  world: Owner,
  change: () => Promise<T>,
): Promise<T | undefined> {
  const lock = await Lock.prepared(path, world);
  try {
    // The second time what a killed process left is out of the way.
    return (await lock.taken()) || (await lock.taken()) ? await change() : undefined;
  } finally {
    await lock.release();
  }
}

/**
 * A folder with one file in it, named after its owner. It comes into its place by a rename, which the system refuses while there is one with something in it; and who breaks an
 * abandoned one removes the file of that owner by its name, so that nobody ever breaks a lock that was taken meanwhile.
 */
class Lock {
  readonly path: string;
  readonly #draft: string;
  readonly #owner: string;
  readonly #world: Owner;
  #held = false;

  private constructor(path: string, world: Owner) {
    this.path = `${path}.lock`;
    this.#owner = `${world.pid}-${world.effects.random.uuid()}`;
    this.#draft = `${this.path}.${this.#owner}`;
    this.#world = world;
  }

  static async prepared(path: string, world: Owner): Promise<Lock> {
    await makePrivateDirectory(dirname(path), world);
    const lock = new Lock(path, world);
    try {
      await mkdir(lock.#draft, { mode: 0o700 });
      const { O_CREAT, O_EXCL, O_WRONLY } = constants;
      await (await open(join(lock.#draft, lock.#owner), O_CREAT | O_EXCL | O_WRONLY, 0o600)).close();
    } catch (cause) {
      await lock.release();
      throw new Problem('FILE_UNUSABLE', { detail: `${lock.path} could not be made.`, cause });
    }
    return lock;
  }

  /** Whether it is ours now. One that was abandoned is broken on the way; then the next try may have it. */
  async taken(): Promise<boolean> {
    try {
      await rename(this.#draft, this.path);
      return (this.#held = true);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST')
        throw new Problem('FILE_UNUSABLE', { detail: `${this.path} could not be made.`, cause });
    }
    for (const owner of await readdir(this.path).catch(() => [] as string[])) {
      const file = join(this.path, owner);
      if (await this.#abandoned(file, Number.parseInt(owner, 10))) await unlink(file).catch(() => undefined);
    }
    return false;
  }

  async release(): Promise<void> {
    if (!this.#held) return void (await rm(this.#draft, { recursive: true, force: true }));
    await unlink(join(this.path, this.#owner)).catch(() => undefined);
    // Whoever took it since has something in it.
    await rmdir(this.path).catch(() => undefined);
  }

  async #abandoned(file: string, pid: number): Promise<boolean> {
    const found = await stat(file).catch(() => undefined);
    if (!found || this.#world.effects.clock.now() - found.mtimeMs <= abandonedMs) return false;
    return !Number.isInteger(pid) || (await startOfProcess(pid)) === undefined;
  }
}
