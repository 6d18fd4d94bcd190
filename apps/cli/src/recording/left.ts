import { Problem } from '@sallyport/problems';
import { processRuns } from '../local/tunnel-registry.ts';
import { sayBytes, sayMoment } from '../output/duration.ts';
import type { Column } from '../output/table.ts';
import { clean } from '../output/text.ts';
import { serverAddress } from '../settings/server-address.ts';
import type { World } from '../world.ts';
import { allHeads, removeRecording, spooledBytes, type SpooledHead } from './spool.ts';

/** A recording of this person that no control plane has yet. */
export interface LeftRecording {
  readonly id: string;
  /** `elsewhere`: of another control plane than the present one; a command that speaks with that one hands it over. */
  readonly state: 'running' | 'waiting' | 'refused' | 'elsewhere';
  /** Name of the resource. */
  readonly name: string;
  readonly grantId: string;
  readonly server: string;
  readonly startedAt: string;
  /** Encrypted, on the disk. */
  readonly bytes: number;
  /** Why it was not taken when it was last offered. */
  readonly refused: { readonly code: string; readonly detail: string; readonly at: string } | null;
}

/** What lies on this machine, the oldest first. */
export async function leftHere(world: World): Promise<readonly LeftRecording[]> {
  const { origin } = serverAddress(world.env);
  const left: LeftRecording[] = [];
  for (const head of await allHeads(world)) {
    const { id, name, grantId, server, startedAt, refused = null } = head;
    const state = await stateOf(head, origin);
    left.push({ id, state, name, grantId, server, startedAt, bytes: await spooledBytes(world, id), refused });
  }
  return left.sort((a, b) => a.startedAt.localeCompare(b.startedAt));
}

async function stateOf(head: SpooledHead, origin: string): Promise<LeftRecording['state']> {
  if (await processRuns(head)) return 'running';
  if (head.server !== origin) return 'elsewhere';
  return head.refused ? 'refused' : 'waiting';
}

export const leftColumns: readonly Column<LeftRecording>[] = [
  { title: 'STARTED (UTC)', value: ({ startedAt }) => sayMoment(startedAt).replace(' UTC', '') },
  { title: 'WHAT', value: ({ name }) => name, give: true },
  { title: 'SIZE', value: ({ bytes }) => sayBytes(bytes), right: true },
  {
    title: 'STATE',
    value: ({ state, refused, server }) =>
      state === 'refused' ? `refused ${refused?.code ?? ''}` : state === 'elsewhere' ? server : state,
    paint: ({ state }, text, paint) => (state === 'refused' ? paint.bad(text) : text),
    give: true,
  },
  { title: 'ID', value: ({ id }) => id },
];

/**
 * Removes recordings that were refused, or that belong to a control plane of another address. Refuses with RECORDING_UNKNOWN, with RECORDING_STILL_WANTED what is still written or
 * only waits to be handed over, and with RECORDING_DISCARD_NOT_CONFIRMED; then none is removed.
 */
export async function discardLeft(
  world: World,
  ids: readonly string[],
  confirmed: boolean,
): Promise<readonly LeftRecording[]> {
  const all = await leftHere(world);
  const chosen = ids.map((id) => {
    const found = all.find((left) => left.id === id);
    if (!found) throw new Problem('RECORDING_UNKNOWN', { detail: `No recording ${clean(id)} lies here.` });
    if (found.state === 'running' || found.state === 'waiting')
      throw new Problem('RECORDING_STILL_WANTED', {
        detail: `The recording of ${clean(found.name)} is ${found.state === 'running' ? 'still written' : 'handed over by the next command'}.`,
      });
    return found;
  });
  if (!confirmed) await confirm(world, chosen);
  for (const { id } of chosen) await removeRecording(world, id);
  return chosen;
}

async function confirm(world: World, chosen: readonly LeftRecording[]): Promise<void> {
  const risk = `the auditors never get the recording of ${chosen.map(({ name }) => clean(name)).join(', ')}, and are told that it is missing`;
  if (!world.stdin.isTTY)
    throw new Problem('RECORDING_DISCARD_NOT_CONFIRMED', { detail: `Removed, ${risk}.` });
  const answer = await (await world.prompts()).text(`Removed, ${risk}. Type yes to go on`);
  if (!/^y(?:es)?$/iu.test(answer.trim()))
    throw new Problem('RECORDING_DISCARD_NOT_CONFIRMED', { detail: 'It was not confirmed.' });
}
