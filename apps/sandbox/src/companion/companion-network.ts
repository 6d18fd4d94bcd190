import type { Duplex } from 'node:stream';
import type { GatewayNetwork } from '@sallyport/agent';
import { Problem } from '@sallyport/problems';
import { NetworkError } from '../instances/network-error.ts';
import type { PrivateNetwork } from '../instances/private-network.ts';
import type { Instance } from '../world/world.ts';

const ttlSeconds = 60;

/** The private network as the companion agent of an instance dials it. Nothing leaves this process. */
export function companionNetwork(network: PrivateNetwork, instance: Instance): GatewayNetwork {
  return {
    dialTcp: async (address, port, signal) => {
      signal.throwIfAborted();
      const socket = await network.connect(address, port).catch((error: unknown) => {
        throw flowProblem(error);
      });
      if (signal.aborted) socket.destroy();
      signal.throwIfAborted();
      return halfOpen(socket);
    },
    openUdp: (address, port, received, ended) => {
      try {
        return network.datagrams(address, port, received, (error) => ended(flowProblem(error).code));
      } catch (error) {
        throw flowProblem(error);
      }
    },
    echo: (address, payload) =>
      network.answers(address)
        ? Promise.resolve(Uint8Array.from(payload))
        : Promise.reject(new Problem('FLOW_UNREACHABLE')),
    resolve: (name, type) => {
      const { known, addresses } = network.lookUp(name, type);
      return Promise.resolve({ code: known ? 'NOERROR' : 'NXDOMAIN', addresses, ttlSeconds });
    },
    ownAddresses: () => ['127.0.0.1', '::1', instance.address],
  };
}

/** A listener that breaks the connection is the agent's to tell; without a listener it would end this process. */
function halfOpen(socket: Duplex): Duplex {
  socket.on('error', () => undefined);
  return socket;
}

function flowProblem(error: unknown): Problem {
  const code = error instanceof NetworkError ? error.code : (error as NodeJS.ErrnoException).code;
  // What stands behind a listener and is not there is a port where nothing listens.
  const refused = code === 'ECONNREFUSED' || code === 'ENOENT' || code === undefined;
  return new Problem(refused ? 'FLOW_REFUSED' : 'FLOW_UNREACHABLE', { cause: error });
}
