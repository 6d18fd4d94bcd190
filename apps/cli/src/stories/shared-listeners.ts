import { admissionFor } from '../local/admission.ts';
import { networkOf } from '../network/facts.ts';
import { socksTarget } from '../network/socks-network.ts';
import { clean } from '../output/text.ts';
import type { Waiting } from './await-decision.ts';
import type { OpenTunnel } from './open-tunnel.ts';

/** Listeners that stand before all tunnels of one `connect`. */
export interface Shared {
  /** Address of the SOCKS listener; undefined when none was wished. */
  readonly proxy: string | undefined;
  close(): Promise<void>;
}

export interface SharedWish {
  readonly socks: number | undefined;
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
}

/** Opens what was wished, before any tunnel: a taken port costs no session. */
export async function openShared(
  { world, printer, debug }: Waiting,
  { socks, metrics }: SharedWish,
  opened: () => readonly OpenTunnel[],
): Promise<Shared> {
  const closing: (() => Promise<void>)[] = [];
  const close = async () => {
    await Promise.all(closing.map((end) => end()));
  };
  let proxy: string | undefined;
  try {
    if (metrics !== undefined) {
      const { serveMetrics } = await import('../metrics/endpoint.ts');
      const measured = () =>
        opened().map(({ tunnel, resource }) => ({ name: resource.name, ...tunnel.snapshot() }));
      const endpoint = await serveMetrics(
        metrics,
        measured,
        () => world.effects.clock.now(),
        admissionFor(
          world,
          (uid) => printer.say(`user ${uid} of this machine was refused the metrics (PEER_REFUSED)`),
          debug,
        ),
      );
      closing.push(() => endpoint.close());
      printer.say(`metrics at ${endpoint.url}`);
    }
    if (socks !== undefined) {
      const { listenForSocks } = await import('../socks/listener.ts');
      const listener = await listenForSocks({
        port: socks,
        effects: world.effects,
        admit: admissionFor(
          world,
          (uid) =>
            printer.say(
              `a SOCKS connection of user ${uid ?? 'unknown'} of this machine was refused (PEER_REFUSED)`,
            ),
          debug,
        ),
        refused: ({ host, port }) =>
          printer.say(`SOCKS: ${clean(host)}:${port} is not among what is connected; refused`),
        targets: () =>
          opened().map(({ tunnel, network, resource }) => {
            const facts = networkOf(resource);
            if (facts && network) return socksTarget(facts, network.reach);
            const { name, host, port } = resource;
            return { name, host, port, carry: (connection) => tunnel.carry(connection) };
          }),
      });
      closing.push(() => listener.close());
      proxy = `socks5h://${listener.host}:${listener.port}`;
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { proxy, close };
}
