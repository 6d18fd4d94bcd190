import type { Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { isFree } from '../local/free-port.ts';
import type { BackgroundTunnel } from '../daemon/wish.ts';
import { parseDuration, sayClock, writeDuration } from '../output/duration.ts';
import { troubleOf, troubleText } from '../output/problem-text.ts';
import type { Column } from '../output/table.ts';
import { clean } from '../output/text.ts';
import { Interrupted, type World } from '../world.ts';
import { askFor, type WishFlags } from './ask-for.ts';
import type { Waiting } from './await-decision.ts';
import { openOneInBackground } from './background.ts';
import { grantFor } from './grant-for.ts';
import { activeGrants } from './grants.ts';
import { confirmedBind } from './listen-where.ts';
import { listRequests } from './requests.ts';
import { readResource } from './resources.ts';
import { localTunnels, stopTunnels, type LiveTunnel } from './running-tunnels.ts';
import type { FileTunnel, TunnelsFile } from './tunnels-file.ts';
import { openable } from './usage.ts';

export interface UpWish {
  readonly file: TunnelsFile;
  /** What the command line says; it wins over the file. */
  readonly wish: WishFlags;
  readonly allowBind: boolean;
  /** Whether tunnels close that this file had opened and names no more. */
  readonly prune: boolean;
  readonly wait: boolean;
}

/** What became of one tunnel. */
interface Changed {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly change: 'opened' | 'moved' | 'unchanged' | 'closed';
  readonly grantId: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly url: string | null;
  readonly endsAt: string;
}

/**
 * `tunnel up`: opens what the file names and is not open yet, in the background; what is open stays as it is. One that cannot be opened does not keep the others
 * from it; the first problem is then the command's. One that the file has moved to another place since is moved there, once that place is free. Resolves with the
 * exit code.
 */
export async function upStory(asking: Waiting, up: UpWish): Promise<number> {
  const { world, printer } = asking;
  const { tunnels, path } = up.file;
  await confirmBinds(world, tunnels, up.allowBind);
  const open = await localTunnels(world);
  const moved = await leavePlaces(world, up.file, open);
  const openAs = (name: string) => open.find((tunnel) => tunnel.name === name && !moved.has(name));
  const changes: Changed[] = tunnels.flatMap(({ name }) => changeOf(openAs(name), 'unchanged'));
  const missing = tunnels.filter(({ name }) => !openAs(name));
  const failures: unknown[] = [];
  if (missing.length > 0) {
    const grants = await grantsFor(asking, missing, up);
    for (const { name, port, bind, socketPath, via } of missing) {
      try {
        const item = { name, port, bind, socketPath, via, source: path };
        const tunnel = await openOneInBackground(asking, item, grants.get(name));
        changes.push(opened(tunnel, moved.has(name) ? 'moved' : 'opened'));
      } catch (error) {
        // Ctrl-C gives up the rest too.
        if (error instanceof Interrupted) throw error;
        if (failures.length > 0 && !printer.json) printer.say(troubleText(troubleOf(error)));
        failures.push(error);
      }
    }
  }
  if (up.prune) changes.push(...(await prune(asking, up.file)));
  const [first] = failures;
  const trouble = first === undefined ? undefined : troubleOf(first);
  await printer.list(
    changes,
    columns(world.effects.clock.now()),
    trouble ? 'None of the file is open.' : 'The file names no tunnel.',
    // One object tells both what was done and what was not.
    trouble ? { error: trouble } : {},
  );
  if (!printer.json && first instanceof Error) throw first;
  return trouble?.exitCode ?? 0;
}

/** Closes what this file had opened at another place than it says now, where that place is free. Resolves with the names. */
async function leavePlaces(
  world: World,
  { path, tunnels }: TunnelsFile,
  open: readonly LiveTunnel[],
): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const wished of tunnels) {
    const tunnel = open.find(({ name }) => name === wished.name);
    if (!tunnel?.background || tunnel.source !== path || !differs(tunnel, wished)) continue;
    // Taken by another program, it stays where it went instead: to move would cost its connections each time.
    const elsewhere = wished.port !== null && wished.port !== tunnel.port ? wished.port : undefined;
    if (elsewhere !== undefined && !(await isFree(elsewhere, wished.bind ?? undefined))) continue;
    names.add(wished.name);
  }
  if (names.size > 0)
    await stopTunnels(
      world,
      ({ name, background, source }) => background && source === path && names.has(name),
    );
  return names;
}

/** What the file does not say may be anywhere. */
function differs(tunnel: LiveTunnel, { port, bind, socketPath }: FileTunnel): boolean {
  if (socketPath !== null) return tunnel.socketPath !== socketPath;
  return (port !== null && tunnel.port !== port) || (bind !== null && tunnel.host !== bind);
}

/** A file comes from others, so a bind beyond this machine is asked about, or allowed on the command line. */
export async function confirmBinds(
  world: World,
  tunnels: readonly FileTunnel[],
  allowed: boolean,
): Promise<void> {
  for (const { bind, name, line } of tunnels) {
    if (bind === null) continue;
    await confirmedBind(world, bind, [name], allowed).catch((error: unknown) => {
      if (!(error instanceof Problem) || error.code !== 'BIND_NOT_CONFIRMED') throw error;
      const detail = `Line ${line} of the file binds ${name} to ${bind}; allow it with --allow-bind.`;
      throw new Problem('BIND_NOT_CONFIRMED', { detail, cause: error });
    });
  }
}

/** Closes the tunnels that a file names, as far as they run in the background. */
export async function downStory(
  { world, printer }: Pick<Waiting, 'world' | 'printer'>,
  { tunnels }: TunnelsFile,
): Promise<void> {
  const names = new Set(tunnels.map(({ name }) => name));
  const closed = await stopTunnels(world, ({ name, background }) => background && names.has(name));
  const now = world.effects.clock.now();
  await printer.list(
    closed.flatMap((tunnel) => changeOf(tunnel, 'closed')),
    columns(now),
    'No tunnel of the file was open in the background.',
  );
}

/**
 * Grants for all of them: what is missing is asked for in one request, for no more than the file says for any of it; one by one where nobody may answer for all.
 */
async function grantsFor(asking: Waiting, missing: readonly FileTunnel[], { wish, wait }: UpWish) {
  const resources: Resource[] = [];
  for (const { name } of missing) resources.push(openable(await readResource(asking.server, name)));
  const held = new Set((await activeGrants(asking.server)).map(({ resource }) => resource.name));
  const asked = missing.filter(({ name }) => !held.has(name));
  const together = { ...oneWish(asked), ...given(wish) };
  try {
    return await grantFor(asking, resources, together, wait);
  } catch (error) {
    if ((error as { code?: string }).code !== 'REQUEST_WITHOUT_COMMON_REVIEWER') throw error;
    const pending = await listRequests(asking.server, 'mine', ['pending']);
    const waiting = new Set(pending.flatMap(({ items }) => items.map(({ resource }) => resource.name)));
    // All of them first: then their reviewers answer side by side.
    for (const entry of asked.filter(({ name }) => !waiting.has(name))) {
      const { id } = await askFor(asking, [entry.name], { ...oneWish([entry]), ...given(wish) });
      if (!asking.printer.json) asking.printer.done(`asked for ${clean(entry.name)} (${id})`);
    }
    return grantFor(asking, resources, together, wait);
  }
}

/** The wish of several entries as one: the shortest of their times, and all their reasons and tickets. */
export function oneWish(entries: readonly FileTunnel[]): WishFlags {
  const said = (values: readonly (string | null)[]) => [...new Set(values.filter((value) => value !== null))];
  const seconds = said(entries.map((entry) => entry.for)).map(parseDuration);
  const reasons = said(entries.map(({ reason }) => reason));
  const tickets = said(entries.map(({ ticket }) => ticket));
  return given({
    for: seconds.length > 0 ? writeDuration(Math.min(...seconds)) : undefined,
    reason: reasons.join('; ') || undefined,
    ticket: tickets.join(', ') || undefined,
  });
}

/** Without what was not said, so that it does not hide what somebody else said. */
function given(wish: WishFlags): WishFlags {
  return Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined));
}

async function prune({ world }: Waiting, { path, tunnels }: TunnelsFile): Promise<Changed[]> {
  const names = new Set(tunnels.map(({ name }) => name));
  const closed = await stopTunnels(
    world,
    ({ name, background, source }) => background && source === path && !names.has(name),
  );
  return closed.flatMap((tunnel) => changeOf(tunnel, 'closed'));
}

function changeOf(tunnel: LiveTunnel | undefined, change: Changed['change']): Changed[] {
  if (!tunnel) return [];
  const { id, name, grantId, host, port, url, endsAt } = tunnel;
  const state = change === 'closed' ? 'closed' : tunnel.state;
  return [{ id, name, state, change, grantId, host, port, url, endsAt }];
}

function opened(
  { id, name, state, grantId, host, port, url, endsAt }: BackgroundTunnel,
  change: Changed['change'],
): Changed {
  return { id, name, state, change, grantId, host, port, url, endsAt };
}

function columns(now: number): readonly Column<Changed>[] {
  return [
    { title: 'NAME', value: ({ name }) => clean(name) },
    { title: 'CHANGE', value: ({ change }) => change },
    { title: 'LEFT', value: ({ endsAt }) => sayClock((Date.parse(endsAt) - now) / 1000), right: true },
    { title: 'ADDRESS', value: ({ url, change }) => (change === 'closed' ? '' : (url ?? '')) },
  ];
}
