import type { Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { handOver, reachedOf } from '../clients/handed-over.ts';
import { dialled, type ClientSettings, type TunnelPlace } from '../clients/place.ts';
import { isNetwork } from '../network/facts.ts';
import { networkSettings } from '../network/variables.ts';
import { clean } from '../output/text.ts';
import type { Server } from '../server/server.ts';
import type { World } from '../world.ts';
import { listRequests } from './requests.ts';
import { readResource } from './resources.ts';
import { carriesOne, localTunnels, type LiveTunnel } from './running-tunnels.ts';
import { openable, useLine } from './usage.ts';

/** An open tunnel of this machine with what its clients need. */
export interface OpenPlace {
  readonly tunnel: LiveTunnel;
  readonly resource: Resource;
  readonly place: TunnelPlace;
  readonly settings: ClientSettings;
  /** Paths of the files that were written, by what `{...}` calls them. */
  readonly paths: Readonly<Record<string, string>>;
}

/**
 * The open tunnel to a resource, with a fresh token where one is the password. Refuses with TUNNEL_UNKNOWN when none is open (with the line that opens it), with
 * REQUEST_WAITING when it is still asked for.
 */
export async function openPlace(world: World, server: Server, name: string): Promise<OpenPlace> {
  const resource = openable(await readResource(server, name));
  const tunnel = (await localTunnels(world)).find((open) => open.name === name && !carriesOne(open));
  if (!tunnel || tunnel.port === null || tunnel.host === null || tunnel.pid === null)
    throw await notOpen(server, resource);
  if (isNetwork(resource) && tunnel.network) {
    const place = placeOf(resource, { host: '', port: 0 });
    return { tunnel, resource, place, settings: networkSettings(tunnel.network), paths: {} };
  }
  if (tunnel.port === 0 && tunnel.socketPath === null)
    throw new Problem('TUNNEL_UNKNOWN', {
      detail: `${clean(name)} has no port of its own: it is open behind ${clean(tunnel.url ?? '')}. One with a port: tunnel connect ${clean(name)} --port 0`,
    });
  const place = placeOf(resource, { host: tunnel.host, port: tunnel.port, socket: tunnel.socketPath });
  const { settings, paths } = await handOver({
    world,
    place,
    pid: tunnel.pid,
    lease: () => server.api.issueLease(tunnel.grantId),
  });
  return { tunnel, resource, place, settings, paths };
}

/** Where programs of this machine find a tunnel that listens as said. */
export function placeOf(
  resource: Resource,
  { host, port, socket }: { host: string; port: number; socket?: string | null },
): TunnelPlace {
  return { resource: reachedOf(resource), host: dialled(host), port, socket: socket ?? null };
}

async function notOpen(server: Server, resource: Resource): Promise<Problem> {
  const name = clean(resource.name);
  const line = useLine(resource);
  // The ssh of this product listens nowhere; a program of another kind needs a port.
  const port = resource.kind === 'ssh' ? `; at a port of its own: tunnel connect ${name}` : '';
  const waiting = (await listRequests(server, 'mine', ['pending'])).find((request) =>
    request.items.some((item) => item.resource.name === resource.name),
  );
  return waiting
    ? new Problem('REQUEST_WAITING', {
        detail: `${name} is not open: ${waiting.id} still waits. Go on with: ${line}${port}`,
      })
    : new Problem('TUNNEL_UNKNOWN', {
        detail: `${name} is not open on this machine. Open it: ${line}${port}`,
      });
}
