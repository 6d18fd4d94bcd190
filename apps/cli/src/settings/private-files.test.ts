import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemEffects } from '@sallyport/effects/system';
import { writePrivateFile } from './private-files.ts';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'private-'))));
afterEach(() => rm(folder, { recursive: true }));

it('drafts that a kill left are swept by the next write, and nothing else is', async () => {
  const old = '.0b0e2b1c-6c52-4d3f-9d5b-0123456789ab.draft';
  const young = '.1b0e2b1c-6c52-4d3f-9d5b-0123456789ab.draft';
  for (const name of [old, young, '.mine.draft', 'kept.json']) await writeFile(join(folder, name), '{}');
  const long = new Date(Date.now() - 3_600_000);
  for (const name of [old, '.mine.draft', 'kept.json']) await utimes(join(folder, name), long, long);
  await writePrivateFile(join(folder, 'new.json'), '{}', {
    uid: process.getuid?.(),
    effects: systemEffects(),
  });
  expect((await readdir(folder)).sort()).toEqual(['.mine.draft', young, 'kept.json', 'new.json'].sort());
});
