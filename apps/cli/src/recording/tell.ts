import { sayBytes } from '../output/duration.ts';
import { clean } from '../output/text.ts';
import type { Waiting } from '../stories/await-decision.ts';
import { recordingPath, allHeads, type SpooledHead } from './spool.ts';
import { handOver, sendLeft } from './hand-over.ts';

type Asking = Pick<Waiting, 'world' | 'server' | 'printer' | 'debug'>;

/** Said before anything is shown. */
export const recordedLine =
  'This session is recorded for the auditors: all that it shows, what you type as far as it is shown.';

/** Hands over what other commands left, and says what came of it. */
export async function tellLeft({ world, server, printer, debug }: Asking): Promise<void> {
  const say = (line: string) => {
    if (!printer.json) printer.say(line);
  };
  await sendLeft(world, server, debug, {
    sent: ({ name, bytes, complete }) =>
      say(
        `handed over the recording of an earlier session: ${clean(name)}, ${sayBytes(bytes)}${complete ? '' : ', without its end'}`,
      ),
    kept: ({ id, name }, problem) =>
      say(
        `a recording of ${clean(name)} was not taken: ${clean(problem.detail)} (${problem.code}) It stays in ${recordingPath(world, id)}`,
      ),
  });
}

/** Hands over what this command recorded. A failure is told and changes nothing: the next command tries again. */
export async function tellOwn(
  { world, server, printer, debug }: Asking,
  ids: readonly string[],
): Promise<void> {
  const own = (await allHeads(world)).filter(({ id }) => ids.includes(id));
  for (const head of own.sort((a, b) => a.startedAt.localeCompare(b.startedAt))) {
    const { clock } = world.effects;
    const since = clock.monotonic();
    try {
      const handed = await handOver(world, server, head);
      if (handed) printer.done(`recording handed over, ${sayBytes(handed.bytes)}`, clock.monotonic() - since);
    } catch (error) {
      const { code = 'unknown' } = error as { code?: string };
      debug('recording', { id: head.id, failed: code });
      printer.say(later(head, code));
    }
  }
}

function later({ name }: SpooledHead, code: string): string {
  return `The recording of ${clean(name)} could not be handed over yet (${clean(code)}): the next tunnel command does.`;
}
