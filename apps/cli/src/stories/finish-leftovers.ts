import { lstat, unlink } from 'node:fs/promises';
import { createConnection } from 'node:net';
import type { ControlPlane, SsmSessions } from '@sallyport/connect';
import { takeBackFromTheDead } from '../clients/handed-over.ts';
import { allEntries, dropEntry, keepEntry, processRuns, type TunnelEntry } from '../local/tunnel-registry.ts';
import type { Debug } from '../output/debug.ts';
import type { Server } from '../server/server.ts';
import type { World } from '../world.ts';

/** A command does not wait longer than this for what others left; what is not done then is done by the next. */
const withinMs = 8_000;
/** Nothing of a tunnel lives longer at AWS than this (Session Manager's longest session). */
const nothingAfterMs = 24 * 3_600_000;

/** The ways to AWS; tests hand in their own. */
export interface FinishWays {
  readonly controlPlane: Pick<ControlPlane, 'issueLease'>;
  readonly ssm: Pick<SsmSessions, 'terminate'>;
}

/**
 * Finishes what killed tunnels to this control plane left: their sessions at AWS are terminated with a fresh lease, their sessions are closed, their sockets and
 * handed-over files removed. Resolves with the names of the tunnels that are wholly finished; never fails.
 */
export async function finishLeftovers(
  world: World,
  server: Server,
  debug: Debug,
  ways: () => Promise<FinishWays & EndpointWay> = () => realWays(world, server),
): Promise<readonly string[]> {
  const left = [];
  for (const entry of await allEntries(world))
    if (entry.server === server.address.origin && !(await processRuns(entry))) left.push(entry);
  if (left.length === 0) return [];
  const { timers } = world.effects;
  const done: string[] = [];
  const all = Promise.all(
    left.map(async (entry) => {
      if (await finish(world, server, debug, entry, ways)) done.push(entry.name);
    }),
  );
  const patience = new AbortController();
  await Promise.race([all, timers.wait(withinMs, patience.signal).catch(() => undefined)]);
  patience.abort();
  return done;
}

/** Where a lease's session is ended; kept apart because it needs the SDK. */
interface EndpointWay {
  readonly endpointOf: (
    lease: Awaited<ReturnType<ControlPlane['issueLease']>>,
  ) => Parameters<SsmSessions['terminate']>[1];
}

async function realWays(world: World, server: Server): Promise<FinishWays & EndpointWay> {
  const { connectionSettings, controlPlaneOf, endpointFor, proxiesOf, ssmSessionsThrough } =
    await import('@sallyport/connect');
  const rules = { controlPlane: server.address, ...connectionSettings(world.env) };
  return {
    controlPlane: controlPlaneOf(server.api),
    ssm: ssmSessionsThrough(proxiesOf(server.env)),
    endpointOf: (lease) => endpointFor(lease, rules),
  };
}

async function finish(
  world: World,
  server: Server,
  debug: Debug,
  entry: TunnelEntry,
  ways: () => Promise<FinishWays & EndpointWay>,
): Promise<boolean> {
  try {
    await removeSocket(entry.socket);
    if (entry.place?.socketPath) await removeSocket(entry.place.socketPath);
    await takeBackFromTheDead(world, entry.pid, entry.name);
    const remaining = await endAtAws(world, debug, entry, ways);
    if (entry.sessionId !== null) await closeSession(server, entry.sessionId);
    if (remaining.length > 0) await keepEntry(world, { ...entry, ssmSessionIds: remaining });
    else await dropEntry(world, entry);
    debug('leftover', { name: entry.name, remaining: remaining.length });
    return remaining.length === 0;
  } catch (error) {
    debug('leftover', { name: entry.name, failed: (error as { code?: string }).code ?? 'unknown' });
    return false;
  }
}

/** Ends the sessions that are named and returns those that could not be ended yet. */
async function endAtAws(
  world: World,
  debug: Debug,
  { grantId, ssmSessionIds, startedAt }: TunnelEntry,
  ways: () => Promise<FinishWays & EndpointWay>,
): Promise<readonly string[]> {
  const age = world.effects.clock.now() - Date.parse(startedAt);
  if (ssmSessionIds.length === 0 || !(age < nothingAfterMs)) return [];
  const { controlPlane, ssm, endpointOf } = await ways();
  try {
    const lease = await controlPlane.issueLease(grantId);
    const ends = await Promise.allSettled(
      ssmSessionIds.map((id) => ssm.terminate(lease, endpointOf(lease), id)),
    );
    return ssmSessionIds.filter((_, i) => ends[i]?.status === 'rejected');
  } catch (error) {
    const { code, kind } = error as { code?: string; kind?: string };
    debug('leftover', { lease: code ?? 'unknown' });
    // Without the grant there is no lease; then the control plane has ended its sessions itself.
    return kind === 'ended' || kind === 'missing' || kind === 'refused' ? [] : ssmSessionIds;
  }
}

async function closeSession(server: Server, id: string): Promise<void> {
  try {
    await server.api.closeSession(id, { reason: 'error', bytesUp: 0, bytesDown: 0 });
  } catch (error) {
    const { kind } = error as { kind?: string };
    // Closed meanwhile, by the control plane that missed its heartbeat.
    if (kind !== 'conflict' && kind !== 'missing' && kind !== 'ended') throw error;
  }
}

/** Removes a socket that nobody listens on; one that a later process listens on stays. */
async function removeSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() && !(await answers(path))) await unlink(path).catch(() => undefined);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => (resolve(true), socket.destroy()));
    socket.once('error', () => resolve(false));
  });
}
