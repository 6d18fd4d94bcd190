import type { TunnelEnd } from '@sallyport/connect';
import type { Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { exitCodes } from '../exit-codes.ts';
import { LiveChannel } from '../server/live-channel.ts';
import { endInTime } from '../process/end-in-time.ts';
import { Interrupted } from '../world.ts';
import type { WishFlags } from './ask-for.ts';
import type { Waiting } from './await-decision.ts';
import { grantFor } from './grant-for.ts';
import { grantEnded } from './tunnel-end.ts';
import { openTunnel, tunnelUrl, type OpenTunnel } from './open-tunnel.ts';
import { guidanceFor } from './guidance.ts';
import { placeOf } from './open-place.ts';
import { readResource } from './resources.ts';
import { sayBytes, sayClock } from '../output/duration.ts';

export interface ConnectWish {
  readonly names: readonly string[];
  /** The program to run through the tunnel; undefined: keep it open until stopped. */
  readonly command: readonly string[] | undefined;
  readonly port: number | undefined;
  readonly wait: boolean;
  readonly wish: WishFlags;
}

/**
 * `tunnel connect`: grant (asking and waiting for it), tunnel, then the program or the person. Resolves with the exit code: the program's
 * own, 0 after `tunnel stop`, 130 after Ctrl-C, 12 when the grant ended meanwhile.
 */
export async function connectStory(asking: Waiting, wish: ConnectWish): Promise<number> {
  const { world, server, debug } = asking;
  const resources: Resource[] = [];
  for (const name of wish.names) resources.push(await readResource(server, name));
  const grants = await grantFor(asking, resources, wish.wish, wish.wait);

  const stopping = new AbortController();
  let signalled: string | undefined;
  const stop = world.onSignal((signal) => {
    signalled = signal;
    stopping.abort(new Interrupted());
  });
  // A program decides itself how long it takes to end.
  const inTime = wish.command ? () => undefined : endInTime(world);
  const live = new LiveChannel({ server, effects: world.effects, debug });
  const opened: OpenTunnel[] = [];
  try {
    for (const resource of resources) {
      const grant = grants.get(resource.name);
      if (!grant) throw new Problem('GRANT_NOT_HELD', { detail: `${resource.name} was not granted.` });
      opened.push(
        await openTunnel(
          asking,
          { resource, grant, port: wish.port, anyPort: wish.command !== undefined, live },
          stopping.signal,
        ),
      );
    }
    const [only] = opened;
    if (wish.command && only) return await runThrough(asking, only, wish.command);
    // Signals during the set-up abandon it; from here on they close the tunnels in order.
    return await keepOpen(asking, opened, stopping.signal, () => signalled);
  } finally {
    stop();
    for (const open of opened) await open.dispose();
    live.close();
    inTime();
  }
}

async function runThrough(asking: Waiting, open: OpenTunnel, command: readonly string[]): Promise<number> {
  const { runCommand } = await import('../process/run-command.ts');
  const { tunnel, resource } = open;
  const { world, server } = asking;
  const guidance = await guidanceFor([
    {
      world,
      place: placeOf(resource, tunnel),
      pid: world.pid,
      lease: () => server.api.issueLease(tunnel.grantId),
    },
  ]);
  const running = runCommand(world, { command, guidance });
  void tunnel.ended.then((end) => {
    if (end.order || end.problem) running.terminate();
  });
  const status = await running.exited;
  // A program that failed may have failed because it was cut off: AWS is quicker than word of it.
  if (status !== exitCodes.done) await tunnel.ask();
  if (tunnel.end?.order || tunnel.end?.problem) return failed(resource.name, tunnel.end);
  await tunnel.close();
  return status;
}

async function keepOpen(
  asking: Waiting,
  opened: readonly OpenTunnel[],
  stop: AbortSignal,
  signalled: () => string | undefined,
): Promise<number> {
  const { world, printer } = asking;
  for (const { tunnel, resource } of opened) {
    const url = tunnelUrl(resource, tunnel.host, tunnel.port);
    const left = sayClock((Date.parse(tunnel.endsAt) - world.effects.clock.now()) / 1000);
    if (printer.json) {
      const { sessionId: id, state, grantId, host, port, endsAt } = tunnel;
      printer.object({ id, state, grantId, name: resource.name, host, port, url, endsAt });
    } else {
      printer.data(url);
      printer.say(`${left} left   (Ctrl-C ends it)`);
    }
  }
  const stopped = new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
  const ends = opened.map(async (open) => ({ open, end: await open.tunnel.ended }));
  const first = await Promise.race([stopped, ...ends]);
  if (first?.end.order ?? first?.end.problem) return failed(first?.open.resource.name ?? '', first?.end);
  const closed = await Promise.all(opened.map(async ({ tunnel }) => (await tunnel.close(), tunnel.traffic)));
  const up = closed.reduce((sum, { bytesUp }) => sum + bytesUp, 0);
  const down = closed.reduce((sum, { bytesDown }) => sum + bytesDown, 0);
  if (!printer.json)
    printer.say(`${signalled() ? '\n' : ''}closed   ${sayBytes(up)} up, ${sayBytes(down)} down`);
  return signalled() ? exitCodes.interrupted : exitCodes.done;
}

function failed(name: string, end: TunnelEnd | undefined): never {
  if (end?.order) throw grantEnded(name, end.order);
  throw end?.problem ?? new Problem('CHANNEL_LOST', { detail: `${name}: the tunnel ended.` });
}
