import type { Resource } from '@sallyport/api-client';
import type { TunnelEnd } from '@sallyport/connect';
import { Problem } from '@sallyport/problems';
import { exitCodes } from '../exit-codes.ts';
import { sayBytes, sayClock } from '../output/duration.ts';
import { networkAddresses, networkLines } from '../output/network-lines.ts';
import { clean } from '../output/text.ts';
import { stream, talk } from '../output/tunnel-talk.ts';
import { LiveChannel } from '../server/live-channel.ts';
import { endInTime } from '../process/end-in-time.ts';
import type { Via } from '../network/facts.ts';
import { Interrupted } from '../world.ts';
import type { WishFlags } from './ask-for.ts';
import type { Waiting } from './await-decision.ts';
import { grantFor } from './grant-for.ts';
import { guidanceFor } from './guidance.ts';
import type { ListenAt } from './listen-where.ts';
import { openTunnel, type OpenTunnel } from './open-tunnel.ts';
import { readResource } from './resources.ts';
import { openable } from './usage.ts';
import { openShared, type Shared } from './shared-listeners.ts';
import { grantEnded } from './tunnel-end.ts';

export interface ConnectWish {
  readonly names: readonly string[];
  /** The program to run through the tunnels; undefined: keep them open until stopped. */
  readonly command: readonly string[] | undefined;
  readonly wait: boolean;
  readonly wish: WishFlags;
  /** Where each is to listen, but for those behind a SOCKS listener. */
  readonly at: (resource: Resource) => ListenAt | Promise<ListenAt>;
  /** Whether the person chose the place, so that a second tunnel to the same resource is meant. */
  readonly chosen: boolean;
  readonly whileDown: 'wait' | 'refuse';
  /** Device, packet filter or port; undefined: what suits each. */
  readonly via: Via | undefined;
  /** Port of a SOCKS5 listener over all of them; 0: any free one. */
  readonly socks: number | undefined;
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
}

/**
 * `tunnel connect`: grants (asking and waiting for them), tunnels, then the program or the person. All open or none. Resolves with the exit code: the program's own,
 * 0 after `tunnel stop`, 130 after Ctrl-C, 12 when a grant ended meanwhile (of several: the first that ended against the wish).
 */
export async function connectStory(asking: Waiting, wish: ConnectWish): Promise<number> {
  const { world, server, printer, debug } = asking;
  const resources: Resource[] = [];
  for (const name of wish.names) resources.push(openable(await readResource(server, name)));
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
  // The output of a program is the program's: then even with --json events are talk.
  const json = printer.json && wish.command === undefined;
  const report = json ? stream(printer, resources.length) : talk(printer);
  let shared: Shared | undefined;
  try {
    shared = await openShared(asking, wish, () => opened);
    for (const resource of resources) {
      const grant = grants.get(resource.name);
      if (!grant) throw new Problem('GRANT_NOT_HELD', { detail: `${resource.name} was not granted.` });
      const at =
        shared.proxy === undefined
          ? await wish.at(resource)
          : ({ on: 'socks', proxy: shared.proxy } as const);
      const beside = wish.chosen || wish.command !== undefined || at.on === 'socks';
      const { whileDown, via } = wish;
      opened.push(
        await openTunnel(
          { world, server, debug, report },
          { resource, grant, at, live, whileDown, via, beside },
          stopping.signal,
        ),
      );
    }
    if (wish.command) return await runThrough(asking, opened, wish.command, shared.proxy);
    // Signals during the set-up abandon it; from here on they close the tunnels in order.
    if (!json) present(asking, opened, shared);
    return await keepOpen(asking, opened, stopping.signal, () => signalled);
  } finally {
    stop();
    await Promise.all(opened.map((open) => open.dispose()));
    await shared?.close();
    live.close();
    inTime();
  }
}

async function runThrough(
  asking: Waiting,
  opened: readonly OpenTunnel[],
  command: readonly string[],
  proxy: string | undefined,
): Promise<number> {
  const { runCommand } = await import('../process/run-command.ts');
  const running = runCommand(asking.world, { command, guidance: guidanceFor(opened, proxy) });
  let failure: Error | undefined;
  for (const open of opened)
    void open.tunnel.ended.then((end) => {
      const why = failureOf(open, end);
      if (!why) return;
      failure ??= why;
      running.terminate();
    });
  const status = await running.exited;
  // A program that failed may have failed because it was cut off: AWS is quicker than word of it.
  if (status !== exitCodes.done) await Promise.all(opened.map(({ tunnel }) => tunnel.ask()));
  for (const open of opened) failure ??= open.tunnel.end && failureOf(open, open.tunnel.end);
  if (failure) throw failure;
  return status;
}

/** Says where everything is: addresses are data, the rest is talk. */
function present({ world, printer }: Waiting, opened: readonly OpenTunnel[], shared: Shared): void {
  const several = opened.length > 1;
  for (const { tunnel, settings, resource, network } of opened) {
    const left = sayClock((Date.parse(tunnel.endsAt) - world.effects.clock.now()) / 1000);
    if (network === null) printer.data(settings.url);
    // A port alone brings neither the key of a minute nor the host key on record.
    if (resource.ssh && tunnel.port !== 0)
      printer.say(
        `with keys of your own: ssh -p ${tunnel.port} ${clean(resource.ssh.user)}@${tunnel.host}; with one that is made for you: tunnel ssh ${clean(resource.name)}`,
      );
    if (network !== null) {
      for (const address of networkAddresses(resource, network.summary, settings.url)) printer.data(address);
      for (const line of networkLines(resource.name, network.summary)) printer.say(line);
    }
    printer.say(
      `${several ? `${clean(resource.name)}: ` : ''}${left} left${several ? '' : '   (Ctrl-C ends it)'}`,
    );
  }
  if (shared.proxy !== undefined) printer.data(shared.proxy);
  if (several) printer.say('(Ctrl-C ends them)');
}

async function keepOpen(
  { printer }: Waiting,
  opened: readonly OpenTunnel[],
  stop: AbortSignal,
  signalled: () => string | undefined,
): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
  let failure: Error | undefined;
  let left = opened.length;
  const ends = opened.map(async (open) => {
    const { resource } = open;
    const end = await open.tunnel.ended;
    const why = failureOf(open, end);
    failure ??= why;
    left--;
    if (left > 0 && !stop.aborted && !printer.json)
      printer.say(
        `${why ? why.message : `${clean(resource.name)} is closed`}; ${left === 1 ? 'the other goes' : `${left} others go`} on`,
      );
  });
  await Promise.race([stopped, Promise.all(ends)]);
  await Promise.all(opened.map(({ tunnel }) => tunnel.close()));
  if (!stop.aborted && failure) throw failure;
  const up = opened.reduce((sum, { tunnel }) => sum + tunnel.traffic.bytesUp, 0);
  const down = opened.reduce((sum, { tunnel }) => sum + tunnel.traffic.bytesDown, 0);
  if (!printer.json)
    printer.say(`${signalled() ? '\n' : ''}closed   ${sayBytes(up)} up, ${sayBytes(down)} down`);
  return signalled() ? exitCodes.interrupted : exitCodes.done;
}

/** Why a tunnel ended against the wish; undefined when it ended by wish. */
function failureOf({ resource, failure }: OpenTunnel, { order, problem }: TunnelEnd): Error | undefined {
  return order ? grantEnded(resource, order) : (problem ?? failure);
}
