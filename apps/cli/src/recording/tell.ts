import { sayBytes } from '../output/duration.ts';
import { clean } from '../output/text.ts';
import type { Waiting } from '../stories/await-decision.ts';
import { factsOf, offer, sendLeft, type HandedOver } from './hand-over.ts';
import { allHeads, type SpooledHead } from './spool.ts';

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
    sent: (handed) => say(sentText(handed)),
    kept: (head, problem) => say(keptText(head, problem)),
  });
}

/** That what an earlier session recorded has been handed over. */
export function sentText({ name, bytes, complete }: HandedOver): string {
  return `handed over the recording of an earlier session: ${clean(name)}, ${sayBytes(bytes)}${complete ? '' : ', without its end'}`;
}

/** That a recording was not taken, why, and what to do. */
export function keptText(
  { name }: Pick<SpooledHead, 'name'>,
  { detail, code }: { readonly detail: string; readonly code: string },
): string {
  return `${keptDetail({ name }, detail)} (${clean(code)})`;
}

/** As {@link keptText}, where the code is told beside it. */
export function keptDetail({ name }: Pick<SpooledHead, 'name'>, detail: string): string {
  const why = clean(detail).replace(/[.]+$/u, '');
  return `the recording of ${clean(name)} was not taken: ${why}. It stays here, encrypted, and is offered again each hour; this is said once. See: tunnel recording left`;
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
    const offered = await offer(world, server, head.id);
    debug('recording', { id: head.id, ...factsOf(offered) });
    if (offered.became === 'sent')
      printer.done(`recording handed over, ${sayBytes(offered.handed.bytes)}`, clock.monotonic() - since);
    if (offered.became === 'delayed') printer.say(later(head, offered.code));
    if (offered.became === 'refused') printer.say(keptText(head, offered.problem));
  }
}

function later({ name }: SpooledHead, code: string): string {
  return `The recording of ${clean(name)} could not be handed over yet (${clean(code)}): the next tunnel command does.`;
}
