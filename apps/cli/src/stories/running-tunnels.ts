import { Problem } from '@sallyport/problems';
import { askProcess } from '../local/control-socket.ts';
import { allEntries, processRuns, type TunnelEntry } from '../local/tunnel-registry.ts';
import { sayBytes, sayClock, sayDuration } from '../output/duration.ts';
import type { Column } from '../output/table.ts';
import type { Server } from '../server/server.ts';
import type { World } from '../world.ts';
import { readStatus, type TunnelStatus } from './tunnel-status.ts';

/** A live tunnel of mine: on this machine (then it has a port), or on another one. */
export interface LiveTunnel extends Omit<TunnelStatus, 'sessionId'> {
  /** Session of the control plane. */
  readonly id: string;
  readonly name: string;
  readonly grantId: string;
  readonly host: string | null;
  readonly port: number | null;
  /** Path of the Unix socket it listens on instead of a port. */
  readonly socketPath: string | null;
  readonly url: string | null;
  readonly pid: number | null;
  readonly background: boolean;
  /** The file of tunnels that it was opened from. */
  readonly source: string | null;
  readonly openedAt: string;
}

/** Whether it is the one connection of an ssh, or a shell, so that no other program can be led through it. */
export function carriesOne({ port, url }: Pick<LiveTunnel, 'port' | 'url'>): boolean {
  return port === 0 && /^(ssh|shell):/u.test(url ?? '');
}

/** A tunnel that runs here, and the socket it is asked by. */
interface Found {
  readonly tunnel: LiveTunnel;
  readonly socket: string;
  readonly entry: TunnelEntry;
}

/** Closing sends the last bytes and tells AWS and the control plane. */
const stopWithinMs = 20_000;

/** Tunnels that run on this machine, in the foreground of some terminal or in the background. */
export async function localTunnels(world: World): Promise<readonly LiveTunnel[]> {
  return (await found(world)).map(({ tunnel }) => tunnel);
}

async function found(world: World): Promise<readonly Found[]> {
  const all = await Promise.all((await allEntries(world)).map((entry) => ask(world, entry)));
  return all
    .filter((one) => one !== undefined)
    .sort((a, b) => a.tunnel.name.localeCompare(b.tunnel.name) || a.tunnel.id.localeCompare(b.tunnel.id));
}

/** Undefined when its process is gone (somebody else finishes what it left), or it has just closed. */
async function ask(world: World, entry: TunnelEntry): Promise<Found | undefined> {
  const answer = await askProcess(world, entry.socket, { ask: 'status' }).catch(() => undefined);
  if (!answer && !(await processRuns(entry))) return undefined;
  const { sessionId, ...status } = readStatus(answer ?? { state: 'unanswered', health: 'unanswered' });
  if (status.state === 'closed') return undefined;
  const { name, grantId, place, pid, background, source, startedAt } = entry;
  const { host = null, port = null, socketPath = null, url = null } = place ?? {};
  const endsAt = status.endsAt || (place?.endsAt ?? entry.startedAt);
  const id = sessionId || (entry.sessionId ?? '');
  const tunnel = {
    id,
    name,
    grantId,
    host,
    port,
    socketPath,
    url,
    pid,
    background,
    source,
    openedAt: startedAt,
    ...status,
    endsAt,
  };
  return { tunnel, socket: entry.socket, entry };
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
    ...elsewhere.map(({ id, state, resource, grantId, openedAt, endsAt, bytesUp, bytesDown }) => ({
      id,
      state,
      name: resource.name,
      grantId,
      host: null,
      port: null,
      socketPath: null,
      url: null,
      pid: null,
      background: false,
      source: null,
      openedAt,
      endsAt,
      bytesUp,
      bytesDown,
      rateUp: 0,
      rateDown: 0,
      rttMs: null,
      sessions: 1,
      health: state === 'open' ? 'good' : state,
      limitedBySession: false,
      network: null,
    })),
  ];
}

/** Asks the fitting tunnels of this machine to close and waits until they are down, with their sessions at AWS terminated. */
export async function stopTunnels(
  world: World,
  fits: (tunnel: LiveTunnel) => boolean,
): Promise<readonly LiveTunnel[]> {
  const fitting = (await found(world)).filter(({ tunnel }) => fits(tunnel));
  await Promise.all(
    fitting.map(async ({ socket, entry }) => {
      const stopped = await askProcess(world, socket, { ask: 'stop' }, { withinMs: stopWithinMs });
      // Without an answer it may have ended in this very moment.
      if (!stopped && (await ask(world, entry)))
        throw new Problem('TUNNEL_UNANSWERED', {
          detail: `${entry.name}: process ${entry.pid} does not answer.`,
        });
    }),
  );
  return fitting.map(({ tunnel }) => tunnel);
}

export function liveTunnelColumns(now: number): readonly Column<LiveTunnel>[] {
  const rate = (t: LiveTunnel) =>
    t.port === null ? '' : `${sayBytes(Math.round(Math.max(t.rateUp, t.rateDown)))}/s`;
  return [
    { title: 'NAME', value: (t) => t.name },
    { title: 'PORT', value: (t) => whereOf(t), right: true },
    { title: 'AGE', value: (t) => sayDuration((now - Date.parse(t.openedAt)) / 1000), right: true },
    { title: 'LEFT', value: (t) => sayClock((Date.parse(t.endsAt) - now) / 1000), right: true },
    { title: 'UP', value: (t) => sayBytes(t.bytesUp), right: true },
    { title: 'DOWN', value: (t) => sayBytes(t.bytesDown), right: true },
    { title: 'RATE', value: rate, right: true },
    { title: 'RTT', value: (t) => (t.rttMs === null ? '' : `${Math.round(t.rttMs)} ms`), right: true },
    { title: 'SESSIONS', value: (t) => (t.port === null ? '' : String(t.sessions)), right: true },
    {
      title: 'HEALTH',
      value: (t) => (t.state === 'open' ? t.health : t.state),
      paint: (t, text, paint) =>
        t.state === 'open' && t.health === 'good' ? paint.good(text) : paint.waiting(text),
    },
  ];
}

function whereOf({ host, port, url, pid, network }: LiveTunnel): string {
  if (pid === null) return 'another machine';
  // A network is found by its addresses, or by the listener that takes their place.
  if (network !== null && port === 0)
    return network.device ?? network.proxy?.replace('socks5h://127.0.0.1:', 'socks ') ?? network.via;
  if (port === null) return 'opening';
  // Where there is no port there is a socket file, and the address names it.
  return port === 0 ? (url ?? '') : host === '127.0.0.1' ? String(port) : `${host}:${port}`;
}

/** What to say below the table: where the session's own pace is what holds a tunnel up. */
export function limitedLines(tunnels: readonly LiveTunnel[]): readonly string[] {
  return tunnels
    .filter((tunnel) => tunnel.limitedBySession)
    .map(
      ({ name, sessions, rateUp, rateDown }) =>
        `${name}: ${sayBytes(Math.round(Math.max(rateUp, rateDown)))}/s is what ${
          sessions === 1
            ? 'one session carries; the session is'
            : `${sessions} sessions carry; the sessions are`
        } the limit, not your network.`,
    );
}
