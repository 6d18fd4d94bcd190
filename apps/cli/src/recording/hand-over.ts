import { createHash } from 'node:crypto';
import { apiProblemOf, type ApiProblem } from '@sallyport/api-client';
import { kinds, Problem } from '@sallyport/problems';
import { recordingMediaType } from '@sallyport/recording';
import { processRuns } from '../local/tunnel-registry.ts';
import { aloneIfFree } from '../settings/alone.ts';
import type { Debug } from '../output/debug.ts';
import type { Server } from '../server/server.ts';
import type { World } from '../world.ts';
import {
  allHeads,
  handingPath,
  headOf,
  removeRecording,
  sealedBytes,
  writeHead,
  type SpooledHead,
} from './spool.ts';

/** A command does not wait longer than this for what others left; it goes on while the command runs. */
const leftWithinMs = 8_000;
const answerWithinMs = 20_000;
/** How long so many bytes may take over the slowest line that is reckoned with, 32 kB/s. */
export const bytesWithinMs = (bytes: number) => answerWithinMs + Math.ceil(bytes / 32);
/** What the control plane refused is not offered again before this. */
const refusedForMs = 3_600_000;

/** What became of one recording. */
export interface HandedOver {
  readonly name: string;
  readonly bytes: number;
  readonly complete: boolean;
}

/**
 * Hands one recording to the control plane and removes it here once that has confirmed it. Undefined: there was nothing in it. What the control plane says or the disk refuses is
 * thrown, and the recording stays.
 */
export async function handOver(
  world: World,
  server: Server,
  head: SpooledHead,
): Promise<HandedOver | undefined> {
  const { id, grantId, sessionId, startedAt, endedAt, complete } = head;
  const bytes = sessionId === null ? undefined : await sealedBytes(world, head);
  if (sessionId === null || bytes === undefined) {
    await removeRecording(world, head.id);
    return undefined;
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const told = { id, sessionId, startedAt, endedAt, bytes: bytes.length, sha256, complete };
  await server.api.announceRecording(grantId, told);
  await taken(
    await server.bytes({
      ...{ method: 'PUT', path: `/recordings/${encodeURIComponent(id)}/body`, body: bytes },
      ...{ type: recordingMediaType, withinMs: bytesWithinMs(bytes.length) },
    }),
  );
  await removeRecording(world, id);
  return { name: head.name, bytes: bytes.length, complete };
}

/** The answer, where it is none of a refusal. */
export async function taken(response: Response): Promise<Response> {
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => undefined);
  throw apiProblemOf(body) ?? new Problem('SERVER_ANSWER_UNREADABLE');
}

/** What became of a recording that was offered. */
export type Offered =
  | { readonly became: 'sent'; readonly handed: HandedOver }
  /** There was nothing in it, or another process of this person has it in hand. */
  | { readonly became: 'nothing' }
  /** The control plane could not be asked: it is offered again soon. */
  | { readonly became: 'delayed'; readonly code: string }
  /** It was not taken, stays here and is offered again later. `news`: its person has not been told so. */
  | { readonly became: 'refused'; readonly problem: Problem | ApiProblem; readonly news: boolean };

/** Offers one recording, while no other process does. Never fails. */
export async function offer(world: World, server: Server, id: string): Promise<Offered> {
  try {
    const became = await aloneIfFree(handingPath(world, id), world, async (): Promise<Offered> => {
      const head = await headOf(world, id);
      if (!head) return { became: 'nothing' };
      try {
        const handed = await handOver(world, server, head);
        return handed ? { became: 'sent', handed } : { became: 'nothing' };
      } catch (error) {
        return await keptBack(world, head, error);
      }
    });
    return became ?? { became: 'nothing' };
  } catch (error) {
    // The disk lets nobody have it for oneself.
    return { became: 'delayed', code: (error as { code?: string }).code ?? 'unknown' };
  }
}

async function keptBack(world: World, head: SpooledHead, error: unknown): Promise<Offered> {
  const problem = error as Problem | ApiProblem;
  const { kind, code } = problem;
  // Unreachable or signed out is nothing to speak of: the next command tries again.
  if (!(kind in kinds) || kind === 'unavailable' || kind === 'unauthenticated')
    return { became: 'delayed', code: code ?? 'unknown' };
  const now = world.effects.clock.now();
  const refused = { code, detail: problem.detail, at: new Date(now).toISOString() };
  const notBefore = new Date(now + refusedForMs).toISOString();
  await writeHead(world, { ...head, notBefore, refused }).catch(() => undefined);
  return { became: 'refused', problem, news: head.refused?.code !== code };
}

/** What {@link sendLeft} tells as it goes. */
export interface LeftEvents {
  sent(handed: HandedOver): void;
  /** It stays here, and is offered again later; told once for each reason. */
  kept(head: SpooledHead, problem: Problem | ApiProblem): void;
}

/**
 * Hands over what killed or unlucky commands of this person left for this control plane, one after the other. Never fails; resolves when all is done or after 8 s, then the rest
 * goes on beside what the command does.
 */
export async function sendLeft(
  world: World,
  server: Server,
  debug: Debug,
  events: LeftEvents,
): Promise<void> {
  const patience = new AbortController();
  await Promise.race([
    sendAll(world, server, debug, events),
    world.effects.timers.wait(leftWithinMs, patience.signal).catch(() => undefined),
  ]);
  patience.abort();
}

async function sendAll(world: World, server: Server, debug: Debug, events: LeftEvents): Promise<void> {
  for (const head of await allHeads(world)) {
    const now = world.effects.clock.now();
    if (head.server !== server.address.origin || Date.parse(head.notBefore ?? '') > now) continue;
    if (await processRuns(head)) continue;
    const offered = await offer(world, server, head.id);
    debug('recording', { id: head.id, ...factsOf(offered) });
    if (offered.became === 'sent') events.sent(offered.handed);
    if (offered.became === 'refused' && offered.news) events.kept(head, offered.problem);
  }
}

/** For a log. */
export function factsOf(offered: Offered): Readonly<Record<string, string | number>> {
  switch (offered.became) {
    case 'sent':
      return { sent: offered.handed.bytes };
    case 'nothing':
      return { sent: 0 };
    case 'delayed':
      return { failed: offered.code };
    case 'refused':
      return { failed: offered.problem.code };
  }
}
