import {
  proxiesOf,
  ssmSessionsThrough,
  connectionSettings,
  controlPlaneOf,
  systemWake,
  Tunnel,
  webSocketsThrough,
  type ProgressStep,
  type TunnelEvents,
  type TunnelOptions,
} from '@sallyport/connect';
import type { Grant, Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { handOver, takeBack } from '../clients/handed-over.ts';
import type { ClientSettings, TunnelPlace } from '../clients/place.ts';
import { admissionFor } from '../local/admission.ts';
import { Announcement } from '../local/announcement.ts';
import type { Debug } from '../output/debug.ts';
import { troubleOf } from '../output/problem-text.ts';
import type { LiveChannel } from '../server/live-channel.ts';
import type { Server } from '../server/server.ts';
import type { World } from '../world.ts';
import { expectedPort, listenWish, type ListenAt } from './listen-where.ts';
import { placeOf } from './open-place.ts';
import { carriesOne, localTunnels } from './running-tunnels.ts';
import { statusOf } from './tunnel-status.ts';
import { grantEnded } from './tunnel-end.ts';
import { isNetwork, type Via } from '../network/facts.ts';
import type { OpenNetwork } from '../network/open-network.ts';
import { networkSettings } from '../network/variables.ts';
import type { NetworkSystem } from '../network/system.ts';
import type { TunnelNetwork } from '../network/tunnel-network.ts';
import type { TunnelReport } from './tunnel-event.ts';

/** What opening a tunnel needs of its surroundings; a terminal is not among it. */
export interface Opening {
  readonly world: World;
  readonly server: Server;
  readonly debug: Debug;
  readonly report: TunnelReport;
  /** The parts of networks; those of this system when left out. */
  readonly system?: NetworkSystem;
}

export interface OpenTunnel {
  readonly tunnel: Tunnel;
  readonly resource: Resource;
  /** Its addresses on this machine, where it has more than a port. */
  readonly network: OpenNetwork | null;
  /** What took the network away although the tunnel could have gone on. */
  readonly failure: Problem | undefined;
  /** Where programs reach it, with what they need for that. */
  readonly place: TunnelPlace;
  readonly settings: ClientSettings;
  readonly paths: Readonly<Record<string, string>>;
  /** Closes the tunnel if it is still open, and takes back what told others about it. */
  dispose(): Promise<void>;
}

export interface TunnelWish {
  readonly resource: Resource;
  readonly grant: Grant;
  readonly at: ListenAt;
  readonly live: LiveChannel;
  /** What becomes of connections opened while no session is there. */
  readonly whileDown?: 'wait' | 'refuse';
  /** Device, packet filter or port; undefined: what suits the resource and this machine. */
  readonly via?: Via | undefined;
  /** Whether a second tunnel to the same resource is all right: for a program of its own, or at a place chosen by the person. */
  readonly beside?: boolean;
  /** Whether it runs in the background process, and the file of tunnels that it was opened from. */
  readonly origin?: { readonly background: boolean; readonly source: string | null };
}

/** Opens one tunnel and announces it to other processes of the same person (`tunnel ps`, `tunnel stop`). */
export async function openTunnel(
  opening: Opening,
  wish: TunnelWish,
  signal: AbortSignal,
): Promise<OpenTunnel> {
  const { world, server, debug, report } = opening;
  const { resource, grant, live, origin } = wish;
  if (!wish.beside) await refuseSecond(world, resource.name);
  const start = world.effects.clock.monotonic();
  const steps: { step: ProgressStep; elapsedMs: number }[] = [];
  const progress = (step: ProgressStep) => {
    const elapsedMs = Math.round(world.effects.clock.monotonic() - start);
    steps.push({ step, elapsedMs });
    report({ event: 'progress', name: resource.name, step, elapsedMs });
  };
  const announcement = await Announcement.begin(world, {
    name: resource.name,
    grantId: grant.id,
    server: server.address.origin,
    background: origin?.background ?? false,
    source: origin?.source ?? null,
  });
  let tunnel: Tunnel | undefined;
  let place: TunnelPlace | undefined;
  let begun: TunnelNetwork | null = null;
  let network: OpenNetwork | null = null;
  let failure: Problem | undefined;
  // Never what another tunnel of this process has handed over: this one may have failed because that one has the port.
  const takeFilesBack = async () => {
    if (place === undefined) return;
    const back = takeBack(world, world.pid, resource.name, place);
    await back.catch(() => debug('tunnel', { left: 'files' }));
  };
  try {
    begun = await networkFor(opening, wish);
    const proxies = proxiesOf(server.env);
    tunnel = await Tunnel.open(
      optionsFor(opening, wish),
      announcement.noting({
        controlPlane: controlPlaneOf(server.api),
        ssm: ssmSessionsThrough(proxies),
        transport: webSocketsThrough(proxies),
        effects: world.effects,
        debug,
        onHint: (listener: Parameters<LiveChannel['onHint']>[0]) => live.onHint(listener),
        onWake: (listener) =>
          systemWake(world.effects)((event) => {
            void network?.refresh();
            listener(event);
          }),
      }),
      {
        ...eventsFor(
          opening,
          wish,
          () => tunnel?.endsAt ?? grant.endsAt,
          () => network,
        ),
        progress,
        state: (state) => {
          // Routes go when the end begins: AWS and the control plane are told meanwhile.
          if (state === 'closing') void network?.close();
          if (state === 'reconnecting') network?.down();
        },
      },
      AbortSignal.any([signal, announcement.abandoned]),
    );
    const opened = tunnel;
    network = (await begun?.join(opened, AbortSignal.any([signal, announcement.abandoned]))) ?? null;
    const joined = network;
    void joined?.lost.then((problem) => {
      failure = problem;
      void opened.close('error');
    });
    place = placeFor(resource, wish.at, opened);
    const lease = () => server.api.issueLease(grant.id);
    const handed =
      isNetwork(resource) && joined
        ? { settings: networkSettings(joined.summary), paths: {} }
        : await handOver({ world, place, pid: world.pid, lease });
    const { settings, paths } = handed;
    const told = { tunnel: opened, network: joined, place, settings, paths, steps };
    await tellOpened(opening, wish, told, announcement, () => failure);
    const dispose = async () => {
      await Promise.all([opened.close(), joined?.close()]);
      await takeFilesBack();
      // Failing to tidy must not change what the person is told; the next command removes what was left.
      await announcement.withdraw().catch(() => debug('tunnel', { left: 'announcement' }));
    };
    return {
      ...{ tunnel: opened, resource, network: joined, place, settings, paths, dispose },
      get failure() {
        return failure;
      },
    };
  } catch (error) {
    await Promise.all([tunnel?.close(), network ? network.close() : begun?.close()]);
    await takeFilesBack();
    await announcement.withdraw();
    throw explained(error, resource);
  }
}

function optionsFor({ world, server, debug, report }: Opening, wish: TunnelWish): TunnelOptions {
  const { name } = wish.resource;
  const told = new Set<number | undefined>();
  const strangers = (uid: number | undefined) => {
    // Each of them is told once, however often they try.
    if (!told.has(uid)) report({ event: 'peer-refused', name, uid: uid ?? null });
    told.add(uid);
  };
  return {
    grantId: wish.grant.id,
    listen: isNetwork(wish.resource) ? { on: 'nothing' } : listenWish(wish.at, wish.resource),
    clientVersion: world.version,
    // One connection lives and dies with one session.
    ...(wish.at.on === 'stdio' && { pool: { sessionsMax: 1 } }),
    admit: admissionFor(world, strangers, debug),
    ...(wish.whileDown === undefined ? {} : { whileDown: wish.whileDown }),
    rules: { controlPlane: server.address, ...connectionSettings(world.env) },
  };
}

/** What a network needs of this machine; nothing of it is loaded for a resource with a port alone. */
async function networkFor(opening: Opening, wish: TunnelWish): Promise<TunnelNetwork | null> {
  const { world, server, debug, report } = opening;
  const { resource, grant, at, via, whileDown = 'wait' } = wish;
  const { name } = resource;
  if (!isNetwork(resource) && (via === undefined || via === 'port')) return null;
  const [{ beginNetwork }, system] = await Promise.all([
    import('../network/tunnel-network.ts'),
    opening.system ?? import('../network/this-system.ts').then(({ thisSystem }) => thisSystem),
  ]);
  const begun = await beginNetwork(
    { world, server, system, debug },
    {
      ...{ resource, at, via, whileDown, grantId: grant.id },
      refused: (destination) => report({ event: 'destination-not-granted', name, destination }),
      stranger: (uid) => report({ event: 'peer-refused', name, uid: uid ?? null }),
    },
  );
  if (begun?.missingHelper) report({ event: 'helper-missing', name });
  return begun;
}

function eventsFor(
  { report }: Opening,
  { resource }: TunnelWish,
  endsAt: () => string,
  network: () => OpenNetwork | null,
): TunnelEvents {
  const { name } = resource;
  return {
    warning: (secondsLeft) =>
      report({ event: 'warning', name, secondsLeft, endsAt: endsAt(), extend: `tunnel extend ${name} 30m` }),
    reconnecting: (reason) => {
      report({ event: 'reconnecting', name, reason });
      // Another network may have other addresses for what must stay outside.
      void network()?.refresh();
    },
    obstacle: (code) => report({ event: 'obstacle', name, code }),
    recovered: (afterMs, how) => {
      report({ event: 'recovered', name, afterMs: Math.round(afterMs), how });
      void network()?.recovered();
    },
    gatewayChanged: (from, to) => report({ event: 'gateway-changed', name, from, to }),
    connectionsLost: (count) => report({ event: 'connections-lost', name, count }),
    destinationRefused: () =>
      report({ event: 'destination-refused', name, destination: `${resource.host ?? ''}:${resource.port}` }),
  };
}

/** Behind a SOCKS listener the resource keeps its own address: that is what programs ask the listener for. */
function placeFor(resource: Resource, at: ListenAt, { host, port }: Tunnel): TunnelPlace {
  if (isNetwork(resource)) return placeOf(resource, { host: '', port: 0 });
  if (at.on === 'socks') return placeOf(resource, { host: resource.host ?? '', port: resource.port ?? 0 });
  if (at.on === 'stdio') return placeOf(resource, { host: resource.name, port: 0 });
  if (at.on === 'socket') return placeOf(resource, { host: '', port: 0, socket: at.path });
  return placeOf(resource, { host, port });
}

type Opened = Omit<OpenTunnel, 'dispose' | 'resource' | 'failure'> & {
  readonly steps: readonly { step: ProgressStep; elapsedMs: number }[];
};

async function tellOpened(
  { report }: Opening,
  { resource, at }: TunnelWish,
  { tunnel, network, place, settings, paths, steps }: Opened,
  announcement: Announcement,
  failure: () => Problem | undefined,
): Promise<void> {
  const { name } = resource;
  const { sessionId: id, state, grantId, endsAt, host, port } = tunnel;
  const { url } = settings;
  await announcement.opened(
    { host, port, endsAt, url: at.on === 'socks' ? at.proxy : url, socketPath: place.socket },
    { status: () => statusOf(tunnel, network), stop: async () => void (await tunnel.close()) },
  );
  const wanted = isNetwork(resource) ? undefined : expectedPort(at, resource);
  if (wanted !== undefined && port !== wanted) report({ event: 'port-chosen', name, wanted, port });
  const socket = place.socket;
  const summary = network?.summary ?? null;
  report({
    ...{ event: 'open', id, state, grantId, name, host, port, socket, url, endsAt, files: paths, steps },
    network: summary,
  });
  void tunnel.ended.then(({ reason, order, problem }) => {
    const why = order ? grantEnded(resource, order) : (problem ?? failure());
    const trouble = why && troubleOf(why);
    const { code = null, detail = null } = trouble ?? {};
    report({ event: 'closed', id, state: 'closed', grantId, name, reason, code, detail, ...tunnel.traffic });
  });
}

/** A second tunnel to the same resource would get another port than the one people know. */
async function refuseSecond(world: World, name: string): Promise<void> {
  const open = (await localTunnels(world)).find(
    (tunnel) => tunnel.name === name && tunnel.url !== null && !carriesOne(tunnel),
  );
  if (open) throw new Problem('TUNNEL_ALREADY_OPEN', { detail: `${name} is open at ${open.url} already.` });
}

/** Puts a refused lease in terms of the resource, with the reason its grant ended for. */
function explained(error: unknown, resource: Resource): unknown {
  const document = (error as { document?: { kind?: string; endReason?: unknown; endComment?: unknown } })
    .document;
  if (document?.kind !== 'ended') return error;
  return grantEnded(resource, {
    code: 'GRANT_ENDED',
    reason: typeof document.endReason === 'string' ? document.endReason : 'expired',
    comment: typeof document.endComment === 'string' ? document.endComment : null,
  });
}
