import { announcedTunnels, forgetTunnel, type TunnelEntry } from '../local/tunnel-registry.ts';
import { askTunnel } from '../local/control-socket.ts';
import { sayBytes, sayClock, sayDuration } from '../output/duration.ts';
import type { Column } from '../output/table.ts';
import type { Server } from '../server/server.ts';
import type { World } from '../world.ts';

/** A live tunnel of mine: on this machine (then it has a port), or on another one. */
export interface LiveTunnel {
  readonly id: string;
  readonly state: string;
  readonly name: string;
  readonly grantId: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly socketPath?: string | null;
  readonly url: string | null;
  readonly pid: number | null;
  readonly openedAt: string;
  readonly endsAt: string;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** Tunnels that run on this machine; files that dead processes left behind are removed on the way. */
export async function localTunnels(world: World): Promise<readonly LiveTunnel[]> {
  const found = await Promise.all(
    (await announcedTunnels(world)).map(async (entry) => {
      const status = await askTunnel(world, entry.socket, 'status');
      if (!status) await forgetTunnel(world, entry);
      return status ? { ...fromEntry(entry), ...status, id: status.sessionId } : [];
    }),
  );
  return found.flat();
}

/** My live sessions as the control plane knows them, joined with what runs here. */
export async function liveTunnels(server: Server, world: World): Promise<readonly LiveTunnel[]> {
  const [{ items }, local] = await Promise.all([
    server.api.listSessions({ view: 'mine', state: 'live' }),
    localTunnels(world),
  ]);
  const elsewhere = items.filter((session) => !local.some((tunnel) => tunnel.id === session.id));
  return [
    ...local,
    ...elsewhere.map((session) => ({
      id: session.id,
      state: session.state,
      name: session.resource.name,
      grantId: session.grantId,
      host: null,
      port: null,
      url: null,
      pid: null,
      openedAt: session.openedAt,
      endsAt: session.endsAt,
      bytesUp: session.bytesUp,
      bytesDown: session.bytesDown,
    })),
  ];
}

/** Asks the fitting tunnels of this machine to close and waits until they are down. */
export async function stopTunnels(
  world: World,
  fits: (tunnel: LiveTunnel) => boolean,
): Promise<readonly LiveTunnel[]> {
  const stopped: LiveTunnel[] = [];
  for (const entry of await announcedTunnels(world)) {
    const status = await askTunnel(world, entry.socket, 'status');
    if (!status) {
      await forgetTunnel(world, entry);
      continue;
    }
    const tunnel = { ...fromEntry(entry), ...status, id: status.sessionId };
    if (!fits(tunnel)) continue;
    await askTunnel(world, entry.socket, 'stop');
    stopped.push(tunnel);
  }
  return stopped;
}

function fromEntry(entry: TunnelEntry): LiveTunnel {
  const { sessionId, name, grantId, host, port, socketPath, url, pid, startedAt, endsAt } = entry;
  return {
    id: sessionId,
    state: 'open',
    name,
    grantId,
    host,
    port,
    socketPath: socketPath ?? null,
    url,
    pid,
    openedAt: startedAt,
    endsAt,
    bytesUp: 0,
    bytesDown: 0,
  };
}

export function liveTunnelColumns(now: number): readonly Column<LiveTunnel>[] {
  return [
    { title: 'NAME', value: (t) => t.name },
    {
      title: 'STATE',
      value: (t) => t.state,
      paint: (t, text, paint) => (t.state === 'open' ? paint.good(text) : paint.waiting(text)),
    },
    { title: 'LISTENS', value: (t) => (t.port === null ? 'another machine' : `${t.host}:${t.port}`) },
    { title: 'AGE', value: (t) => sayDuration((now - Date.parse(t.openedAt)) / 1000), right: true },
    { title: 'LEFT', value: (t) => sayClock((Date.parse(t.endsAt) - now) / 1000), right: true },
    { title: 'UP', value: (t) => sayBytes(t.bytesUp), right: true },
    { title: 'DOWN', value: (t) => sayBytes(t.bytesDown), right: true },
    { title: 'GRANT', value: (t) => t.grantId, give: true },
  ];
}
