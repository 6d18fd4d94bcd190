/**
 * The companion agent of the benchmark `stripe`, in a process of its own: behind it is a service of counted bytes that do not pack. Says its port and
 * the key that signs its tokens on standard output in one JSON line; ends with SIGTERM.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { packer, startAgent } from '@sallyport/agent';
import { systemEffects } from '@sallyport/effects/system';
import { generateKeyPair } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';

const noise = randomBytes(1 << 20);

/** `DOWN n` sends n bytes of noise. */
function serveNoise(socket: Socket): void {
  let left = 0;
  let at = 0;
  const pour = () => {
    while (left > 0) {
      const bytes = noise.subarray(at, Math.min(at + 65_536, at + left, noise.length));
      at = (at + bytes.length) % noise.length;
      left -= bytes.length;
      if (!socket.write(bytes)) return;
    }
  };
  socket.on('drain', pour).on('error', () => undefined);
  socket.on('data', (line) => {
    left = Number(line.toString('latin1').split(' ')[1]);
    pour();
  });
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const service = await listen(createServer(serveNoise));
const issuer = await generateKeyPair();
const nothing = () => Promise.reject(new Problem('FLOW_UNREACHABLE'));
const agent = await startAgent({
  config: { agentId: 'agt_bench', issuer: 'bench', keys: [issuer.publicKey] },
  ports: {
    effects: systemEffects(),
    packer,
    network: {
      dialTcp: async () => {
        const socket = connect({ port: service, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
        await once(socket, 'connect');
        return socket;
      },
      openUdp: () => ({ send: () => undefined, close: () => undefined }),
      echo: nothing,
      resolve: nothing,
      ownAddresses: () => [],
    },
  },
});
const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => agent.accept(socket));
const port = await listen(server);
console.log(JSON.stringify({ event: 'ready', port, service, signingKey: issuer.privateKey }));
process.on('SIGTERM', () => process.exit(0));
