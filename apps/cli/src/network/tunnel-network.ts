import { preferredPorts, type Tunnel } from '@sallyport/connect';
import type { Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { admissionFor } from '../local/admission.ts';
import { clean } from '../output/text.ts';
import type { SocksListener } from '../socks/listener.ts';
import type { ListenAt } from '../stories/listen-where.ts';
import { chooseVia } from './choose-via.ts';
import { networkOf, type NetworkFacts, type Via } from './facts.ts';
import { PreparedNetwork, rulesOf, type NetworkSurroundings, type OpenNetwork } from './open-network.ts';
import { networkByPort, socksTarget } from './socks-network.ts';

export interface TunnelNetworkWish {
  readonly resource: Resource;
  readonly grantId: string;
  readonly at: ListenAt;
  readonly via: Via | undefined;
  readonly whileDown: 'wait' | 'refuse';
  /** A SOCKS connection was refused: of another user, or to what is not granted. */
  readonly refused: (destination: string) => void;
  readonly stranger: (uid: number | undefined) => void;
}

/** What the network of one tunnel needs on this machine, opened before its first session; null for a resource that needs none. */
export interface TunnelNetwork {
  /** Whether a device was not possible, and what needs no privilege took its place. */
  readonly missingHelper: boolean;
  /** Joins it to the tunnel; from here on it is the open network's to close. */
  join(tunnel: Tunnel, signal: AbortSignal): Promise<OpenNetwork>;
  /** Gives it back when there was no tunnel to join. */
  close(): Promise<void>;
}

/** Refuses with the helper's problems, ROUTE_CONFLICT or LOCAL_PORT_TAKEN, before a session costs anything. */
export async function beginNetwork(
  around: NetworkSurroundings,
  wish: TunnelNetworkWish,
): Promise<TunnelNetwork | null> {
  const { resource, at, via, grantId, whileDown } = wish;
  const facts = networkOf(resource);
  if (facts === null && resource.kind === 'subnet')
    throw new Problem('SERVER_ANSWER_UNREADABLE', {
      detail: `${resource.name} is a network without routes.`,
    });
  if (facts === null && via === 'filter')
    throw new Problem('COMMAND_USAGE', {
      detail: `--via filter carries networks; for ${clean(resource.name)} take --via tun or --via port.`,
    });
  const socks = at.on === 'socks';
  const chosen = await chooseVia(
    around.system,
    socks ? 'port' : via,
    facts !== null,
    around.world.env['TUNNEL_HELPER_SOCKET'] || undefined,
  );
  if (chosen.via !== 'port') {
    const prepared = await PreparedNetwork.begin(around, { resource, grantId, whileDown }, chosen);
    return {
      missingHelper: false,
      join: (tunnel, signal) => prepared.join(tunnel, signal),
      close: () => prepared.close(),
    };
  }
  return facts === null ? null : byPort(around, wish, facts, !socks && chosen.missing);
}

async function byPort(
  { world, server, system, debug }: NetworkSurroundings,
  { resource, at, grantId, whileDown, refused, stranger }: TunnelNetworkWish,
  facts: NetworkFacts,
  missingHelper: boolean,
): Promise<TunnelNetwork> {
  const { effects } = world;
  const joined: { network?: OpenNetwork } = {};
  const targets = () => (joined.network ? [socksTarget(facts, joined.network.reach)] : []);
  const admit = admissionFor(world, stranger, debug);
  const listener =
    at.on === 'socks'
      ? undefined
      : await listening(portsOf(resource, at), (port) => ({
          ...{ port, targets, effects, admit },
          refused: ({ host, port: asked }) => refused(`${host}:${asked}`),
        }));
  return {
    missingHelper,
    join: async (tunnel, signal) => {
      const { lease } = tunnel;
      if (!lease) throw new Problem('REACH_DOWN');
      try {
        const reach = await system.reach({
          ...{ tunnel, lease, server, grantId, whileDown, effects, debug, signal },
          rules: rulesOf({ world, server }),
        });
        return (joined.network = networkByPort(tunnel, facts, reach, listener));
      } catch (error) {
        await listener?.close();
        throw error;
      }
    },
    close: async () => listener?.close(),
  };
}

function portsOf(resource: Resource, at: ListenAt): readonly number[] {
  if (at.on === 'port' && at.port !== undefined) return [at.port];
  return [...preferredPorts({ ...resource, port: null }), 0];
}

type Listening = Parameters<typeof import('../socks/listener.ts').listenForSocks>[0];

/** The first of the ports that is free. */
async function listening(
  ports: readonly number[],
  options: (port: number) => Listening,
): Promise<SocksListener> {
  const { listenForSocks } = await import('../socks/listener.ts');
  let failure: unknown;
  for (const port of ports)
    try {
      return await listenForSocks(options(port));
    } catch (error) {
      failure = error;
    }
  throw failure;
}
