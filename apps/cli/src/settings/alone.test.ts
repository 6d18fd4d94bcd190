import { mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Person } from '../../test/world-double.ts';
import type { World } from '../world.ts';
import { alone } from './alone.ts';

/** A disk that is slow now and then, so that those who break a lock do it at different times. */
vi.mock('node:fs/promises', async (real) => {
  const disk = await real<typeof import('node:fs/promises')>();
  let turn = 0;
  return {
    ...disk,
    unlink: async (file: string) => {
      for (let left = (turn = (turn + 7) % 40); left > 0; left -= 1)
        await new Promise((resolve) => setImmediate(resolve));
      return disk.unlink(file);
    },
  };
});

/** No process has this number. */
const nobody = 2 ** 22 + 1;

let folder: string;
let path: string;
let person: Person;
let world: World;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-alone-'));
  path = join(folder, 'known');
  person = await Person.at('http://127.0.0.1:9');
  world = person.world();
});
afterEach(async () => {
  await person.leave();
  await rm(folder, { recursive: true, force: true });
});

/** A lock of a process of this number, taken `ageMs` ago and not given back. */
async function held(pid: number, ageMs: number): Promise<void> {
  await new Promise<void>((taken) => {
    void alone(path, { ...world, pid }, () => new Promise<never>(() => taken()));
  });
  const lock = `${path}.lock`;
  const then = new Date(Date.now() - ageMs);
  const inside = (await stat(lock)).isDirectory() ? await readdir(lock) : [];
  for (const each of [...inside.map((name) => join(lock, name)), lock]) await utimes(each, then, then);
}

describe('a change of a file that nobody else makes at the time', () => {
  it('is made by one at a time, also by many who find what a killed process left', async () => {
    for (let round = 0; round < 6; round += 1) {
      await held(nobody, 60_000);
      let [inside, most, done] = [0, 0, 0];
      await Promise.all(
        Array.from({ length: 8 }, () =>
          alone(path, world, async () => {
            most = Math.max(most, (inside += 1));
            await stat(folder);
            inside -= 1;
            done += 1;
          }),
        ),
      );
      expect({ most, done }).toEqual({ most: 1, done: 8 });
    }
  });

  it('leaves nothing behind, whatever becomes of it', async () => {
    expect(await alone(path, world, async () => 'changed')).toBe('changed');
    await expect(alone(path, world, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await Promise.all(Array.from({ length: 8 }, () => alone(path, world, () => stat(folder))));
    expect(await readdir(folder)).toEqual([]);
  });

  it('waits for a process that runs, however long that takes', async () => {
    const { timers } = world.effects;
    await held(process.pid, 60_000);
    // The waits pass at once: what is counted is that the lock is not broken.
    const hurried = {
      ...world,
      effects: { ...world.effects, timers: { ...timers, wait: async () => undefined } },
    };
    await expect(alone(path, hurried, async () => 'broken')).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
  });
});
