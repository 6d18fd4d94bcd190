import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { directoriesOf } from '../settings/directories.ts';
import { readPrivateFile, removeFile, writePrivateFile } from '../settings/private-files.ts';
import type { World } from '../world.ts';

/** Why a tunnel ended that ran without a terminal: what its person would have read there. */
export interface LastWord {
  readonly name: string;
  /** When, ISO 8601. */
  readonly at: string;
  readonly code: string;
  readonly detail: string;
}

/** Somebody who was away for long is told the latest. */
const toldMax = 10;

const folder = (world: Pick<World, 'env' | 'home'>) => join(directoriesOf(world).state, 'ends');

/** Keeps it for the next command. */
export async function leaveWord(world: World, word: LastWord): Promise<void> {
  // Their names sort by time.
  const file = `${word.at.replace(/[^0-9]/gu, '')}-${world.effects.random.uuid()}.json`;
  await writePrivateFile(join(folder(world), file), JSON.stringify(word), world);
}

/** What was left, oldest first; each is told once. What cannot be read is removed untold. */
export async function takeWords(world: World): Promise<readonly LastWord[]> {
  const names = await readdir(folder(world)).catch(() => [] as string[]);
  const words: LastWord[] = [];
  for (const name of names.filter((file) => file.endsWith('.json')).sort()) {
    const path = join(folder(world), name);
    const word = wordIn(await readPrivateFile(path, 'FILE_UNUSABLE', world).catch(() => undefined));
    await removeFile(path).catch(() => undefined);
    if (word) words.push(word);
  }
  return words.slice(-toldMax);
}

function wordIn(text: string | undefined): LastWord | undefined {
  try {
    const word = JSON.parse(text ?? '') as Partial<LastWord> | null;
    const strings = [word?.name, word?.at, word?.code, word?.detail];
    const whole =
      strings.every((value) => typeof value === 'string') && !Number.isNaN(Date.parse(word?.at ?? ''));
    return whole ? (word as LastWord) : undefined;
  } catch {
    // Not one of ours.
    return undefined;
  }
}
