import { join } from 'node:path';
import type { Server } from '../server/server.ts';
import { directoriesOf } from '../settings/directories.ts';
import { readPrivateFile, writePrivateFile } from '../settings/private-files.ts';
import type { World } from '../world.ts';
import { noWords, type KnownWords } from './candidates.ts';

/** Names asked for within this time are answered from the file. */
const freshMs = 5 * 60_000;
/** A shell waits for us while the person looks on: an older answer now is better than a new one later. */
const answerWithinMs = 1_500;

interface WordFile {
  readonly version: 1;
  readonly at: number;
  readonly server: string;
  readonly words: KnownWords;
}

const wordFile = (world: World) => join(directoriesOf(world).state, 'completion.json');

/** Words for completion: from the file while it is fresh, else from the control plane, else from the file however old. Never throws. */
export async function knownWords(world: World, server: Server | undefined): Promise<KnownWords> {
  const now = world.effects.clock.now();
  const kept = await readKept(world);
  const ours = kept && server && kept.server === server.address.origin ? kept : undefined;
  if (!server) return noWords;
  if (ours && now - ours.at < freshMs && now >= ours.at) return ours.words;
  try {
    const words = await wordsOf(server, AbortSignal.timeout(answerWithinMs));
    await keep(world, server, words);
    return words;
  } catch {
    // Completion has no place to complain in.
    return ours?.words ?? noWords;
  }
}

async function wordsOf({ api }: Server, signal: AbortSignal): Promise<KnownWords> {
  const [resources, mine, toReview, grants] = await Promise.all([
    api.listResources({}, { signal }),
    api.listAccessRequests({ view: 'mine', state: 'pending' }, { signal }),
    api.listAccessRequests({ view: 'to-review', state: 'pending' }, { signal }),
    api.listGrants({ view: 'mine', state: 'active' }, { signal }),
  ]);
  return {
    resources: resources.items.map((resource) => resource.name),
    tags: resources.items.flatMap((resource) =>
      Object.entries(resource.tags).map(([key, value]) => `${key}=${value}`),
    ),
    requests: mine.items.map((request) => request.id),
    toReview: toReview.items.map((request) => request.id),
    grants: grants.items.map((grant) => grant.id),
  };
}

async function keep(world: World, server: Server, words: KnownWords): Promise<void> {
  const file: WordFile = { version: 1, at: world.effects.clock.now(), server: server.address.origin, words };
  await writePrivateFile(wordFile(world), JSON.stringify(file), world);
}

async function readKept(world: World): Promise<WordFile | undefined> {
  try {
    const text = await readPrivateFile(wordFile(world), 'FILE_UNUSABLE', world);
    const file = text === undefined ? undefined : (JSON.parse(text) as WordFile);
    return file?.version === 1 ? file : undefined;
  } catch {
    // Unreadable, or not ours: as if there were none.
    return undefined;
  }
}
