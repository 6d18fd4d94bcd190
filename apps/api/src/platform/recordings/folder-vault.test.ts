import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FolderVault } from './folder-vault.ts';

const id = '0a1b2c3d-0000-4000-8000-0123456789ab';
const mib = 1024 * 1024;

let parent: string;
let folder: string;
const effects = simulatedEffects();
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'sallyport-vault-'));
  folder = join(parent, 'recordings');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const promiseOf = (...chunks: Uint8Array[]) => {
  const whole = Buffer.concat(chunks);
  return { bytes: whole.length, sha256: createHash('sha256').update(whole).digest('hex') };
};
async function* sent(...chunks: Uint8Array[]) {
  yield* chunks;
}

describe('a folder of recordings', () => {
  it('takes a body chunk by chunk: no more than one is out of its hands', async () => {
    const vault = new FolderVault(folder, 365, effects);
    const chunk = Buffer.alloc(mib, 'x');
    let [asked, kept] = [0, 0];
    async function* body() {
      for (asked = 1; asked <= 16; asked += 1) {
        const [part] = await readdir(folder);
        kept = (await readFile(join(folder, part ?? ''))).length / mib;
        expect(asked - kept).toBe(1);
        yield chunk;
      }
    }
    await vault.keep(id, body(), promiseOf(...Array.from({ length: 16 }, () => chunk)));
    expect(await readdir(folder)).toEqual([`${id}.cast.age`]);
  });

  it('keeps the first of two that are the same and come at once', async () => {
    const vault = new FolderVault(folder, 365, effects);
    const chunk = Buffer.from('the same');
    await Promise.all([1, 2].map(() => vault.keep(id, sent(chunk), promiseOf(chunk))));
    expect(await readdir(folder)).toEqual([`${id}.cast.age`]);
    const { body, bytes } = await vault.read(id);
    expect([bytes, Buffer.concat((await body.toArray()) as Buffer[]).toString()]).toEqual([8, 'the same']);
  });

  it('leaves nothing of a body that is another than was promised, or whose sender went away', async () => {
    const vault = new FolderVault(folder, 365, effects);
    const promise = promiseOf(Buffer.from('promised'));
    await expect(vault.keep(id, sent(Buffer.from('provided')), promise)).rejects.toMatchObject({
      code: 'RECORDING_DIGEST_MISMATCH',
    });
    async function* gone() {
      yield Buffer.from('prom');
      throw new Error('gone');
    }
    await expect(vault.keep(id, gone(), promise)).rejects.toThrow('gone');
    expect(await readdir(folder)).toEqual([]);
  });

  it('clears away what had not arrived when a process ended, and nothing that arrives now', async () => {
    await mkdir(folder);
    const now = effects.clock.now() / 1_000;
    for (const [name, age] of [
      ['old', 7_200],
      ['new', 60],
    ] as const) {
      const path = join(folder, `${id}.cast.age.${name}.part`);
      await writeFile(path, 'x');
      await utimes(path, now - age, now - age);
    }
    await new FolderVault(folder, 365, effects).keep(id, sent(Buffer.from('x')), promiseOf(Buffer.from('x')));
    expect((await readdir(folder)).sort()).toEqual([`${id}.cast.age`, `${id}.cast.age.new.part`]);
  });

  it('says that it cannot be written or read, and takes no name that leads elsewhere', async () => {
    await writeFile(folder, 'a file where the folder should be');
    const vault = new FolderVault(folder, 365, effects);
    const promise = promiseOf(Buffer.from('x'));
    await expect(vault.keep(id, sent(Buffer.from('x')), promise)).rejects.toMatchObject({
      code: 'RECORDING_STORE_UNAVAILABLE',
    });
    await expect(vault.read(id)).rejects.toMatchObject({ code: 'RECORDING_STORE_UNAVAILABLE' });
    await expect(vault.read('../secret')).rejects.toMatchObject({ code: 'RECORDING_UNKNOWN' });
  });
});
