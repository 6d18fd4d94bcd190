import {
  awsSsmSessions,
  connectionSettings,
  controlPlaneOf,
  preferredPorts,
  systemWake,
  Tunnel,
  webSocketTransport,
} from '@sallyport/connect';
import type { Grant, Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { admissionFor } from '../local/admission.ts';
import { Announcement } from '../local/announcement.ts';
import { takeBack } from '../clients/handed-over.ts';
import { settingsFor } from '../clients/settings-for.ts';
import { clean } from '../output/text.ts';
import type { LiveChannel } from '../server/live-channel.ts';
import type { Waiting } from './await-decision.ts';
import { placeOf } from './open-place.ts';
import { localTunnels } from './running-tunnels.ts';
import { statusOf } from './tunnel-status.ts';
import { grantEnded } from './tunnel-end.ts';

export interface OpenTunnel {
  readonly tunnel: Tunnel;
  readonly resource: Resource;
  /** The address to paste. */
  readonly url: string;
  /** Closes the tunnel if it is still open, and takes back what told others about it. */
  dispose(): Promise<void>;
}

export interface TunnelWish {
  readonly resource: Resource;
  readonly grant: Grant;
  /** The port the person chose; undefined: the one that belongs to the name. */
  readonly port: number | undefined;
  /** Whether any free port will do when that one is taken (a program is told the port anyway). */
  readonly anyPort: boolean;
  readonly live: LiveChannel;
  /** Whether it runs in the background process, and the file of tunnels that it was opened from. */
  readonly origin?: { readonly background: boolean; readonly source: string | null };
}

/** Opens one tunnel and announces it to other processes of the same person (`tunnel ps`, `tunnel stop`). */
export async function openTunnel(
  waiting: Waiting,
  wish: TunnelWish,
  signal: AbortSignal,
): Promise<OpenTunnel> {
  const { world, server, printer, debug } = waiting;
  const { resource, grant, live } = wish;
  if (wish.port === undefined && !wish.anyPort) await refuseSecond(waiting, resource.name);
  const start = world.effects.clock.monotonic();
  const announcement = await Announcement.begin(world, {
    name: resource.name,
    grantId: grant.id,
    server: server.address.origin,
    background: wish.origin?.background ?? false,
    source: wish.origin?.source ?? null,
  });
  const tunnel = await Tunnel.open(
    {
      grantId: grant.id,
      listen: { on: 'ports', ports: portsFor(wish) },
      clientVersion: world.version,
      admit: admissionFor(world, strangerTeller(waiting, resource.name), debug),
      rules: {
        controlPlane: server.address,
        ...connectionSettings(world.env),
      },
    },
    announcement.noting({
      controlPlane: controlPlaneOf(server.api),
      ssm: awsSsmSessions,
      transport: webSocketTransport,
      effects: world.effects,
      debug,
      onHint: (listener: Parameters<LiveChannel['onHint']>[0]) => live.onHint(listener),
      onWake: systemWake(world.effects),
    }),
    {
      reconnecting: () => printer.say(`${resource.name}: the connection was lost, getting it back ...`),
      destinationRefused: () =>
        printer.say(
          `${resource.name}: the gateway could not connect to ${clean(resource.host ?? '')}:${resource.port} (DESTINATION_REFUSED)`,
        ),
    },
    AbortSignal.any([signal, announcement.abandoned]),
  ).catch(async (error: unknown) => {
    await announcement.withdraw();
    throw explained(error, resource.name);
  });
  if (!printer.json)
    printer.done(`connected to ${clean(resource.name)}`, world.effects.clock.monotonic() - start);
  const { host, port, endsAt } = tunnel;
  const url = tunnelUrl(resource, host, port);
  await announcement.opened(
    { host, port, endsAt, url },
    { status: () => statusOf(tunnel), stop: async () => void (await tunnel.close()) },
  );
  const dispose = async () => {
    await tunnel.close();
    await takeBack(world, world.pid, resource.name).catch(() => debug('tunnel', { left: 'files' }));
    // Failing to tidy must not change what the person is told; the next command removes what was left.
    await announcement.withdraw().catch(() => debug('tunnel', { left: 'announcement' }));
  };
  return { tunnel, resource, url, dispose };
}

/** Tells of connections that other users of this machine tried, once for each of them. */
function strangerTeller({ printer }: Waiting, name: string): (uid: number | undefined) => void {
  const told = new Set<number | undefined>();
  return (uid) => {
    if (told.has(uid)) return;
    told.add(uid);
    const whose = uid === undefined ? 'whose owner had gone' : `of user ${uid} of this machine`;
    printer.say(`${clean(name)}: a connection ${whose} was refused (PEER_REFUSED)`);
  };
}

function portsFor({ resource, port, anyPort }: TunnelWish): number[] {
  if (port !== undefined) return [port];
  const { name, environment } = resource;
  return [...preferredPorts({ name, environment, port: resource.port }), ...(anyPort ? [0] : [])];
}

/** A second tunnel to the same resource would get another port than the one people know. */
async function refuseSecond({ world }: Waiting, name: string): Promise<void> {
  const open = (await localTunnels(world)).find((tunnel) => tunnel.name === name && tunnel.url !== null);
  if (open) throw new Problem('TUNNEL_ALREADY_OPEN', { detail: `${name} is open at ${open.url} already.` });
}

/** Puts a refused lease in terms of the resource, with the reason its grant ended for. */
function explained(error: unknown, name: string): unknown {
  const document = (error as { document?: { kind?: string; endReason?: unknown; endComment?: unknown } })
    .document;
  if (document?.kind !== 'ended') return error;
  return grantEnded(name, {
    code: 'GRANT_ENDED',
    reason: typeof document.endReason === 'string' ? document.endReason : 'expired',
    comment: typeof document.endComment === 'string' ? document.endComment : null,
  });
}

/** The address to paste, as `tunnel url` prints it too; for one whose clients need files, the address alone. */
export function tunnelUrl(resource: Resource, host: string, port: number): string {
  const place = placeOf(resource, { host, port });
  return settingsFor({ place, folder: '', password: undefined, publicAuthorities: undefined, program: [] })
    .url;
}
