import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { GatewayNetwork } from '../ports.ts';
import { askResolver, type ResolverAddress } from './ask-resolver.ts';
import { dialTcp } from './dial-tcp.ts';
import { KeepAlive } from './keep-alive.ts';
import { openUdp } from './open-udp.ts';
import { openPinger, type Pinger } from './ping.ts';

/** Interfaces change seldom and judging is frequent. */
const addressesGoodForMs = 2_000;

/** The real network of this machine. `resolver` undefined answers no names. Close it to free its sockets. */
export async function gatewayNetwork(
  effects: Effects,
  resolver: ResolverAddress | undefined,
): Promise<GatewayNetwork & { readonly pings: Pinger['how']; close(): void }> {
  const pinger = await openPinger(effects.log);
  const keepAlive = new KeepAlive(effects.timers);
  let own: { at: number; addresses: readonly string[] } | undefined;
  return {
    pings: pinger.how,
    dialTcp: (address, port, signal) => dialTcp(address, port, signal, (socket) => keepAlive.watch(socket)),
    openUdp,
    echo: (address, payload, signal) => pinger.echo(address, payload, signal),
    resolve: async (name, type, signal) => {
      if (resolver === undefined) throw new Problem('FLOW_UNREACHABLE');
      return askResolver(resolver, name, type, effects.random, signal);
    },
    ownAddresses: () => {
      const now = effects.clock.monotonic();
      if (own === undefined || now - own.at > addressesGoodForMs) {
        const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
        const addresses = all.map(({ address }) => address);
        // The same list as long as nothing has changed: what was concluded from it holds.
        const same =
          own?.addresses.length === addresses.length &&
          addresses.every((one, at) => one === own?.addresses[at]);
        own = { at: now, addresses: same && own ? own.addresses : addresses };
      }
      return own.addresses;
    },
    close: () => {
      pinger.close();
      keepAlive.close();
    },
  };
}

/** The resolvers of this machine, from resolv.conf; none when it cannot be read. */
export async function systemResolvers(path = '/etc/resolv.conf'): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)]
    .map(([, address = '']) => address)
    .filter((address) => isIP(address) !== 0);
}

/** With systemd-resolved the usual file names its stub on loopback alone; the servers it asks are in its own. */
const resolverFiles = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'] as const;

/** Every resolver that this machine asks, directly or through a stub of its own: the one of the network is among them. */
export async function resolversBehind(paths: readonly string[] = resolverFiles): Promise<string[]> {
  return [...new Set((await Promise.all(paths.map((path) => systemResolvers(path)))).flat())];
}
