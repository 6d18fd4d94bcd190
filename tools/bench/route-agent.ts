/**
 * The companion agent of `route` on the gateway: the product's own, listening for plain TCP carriers, or on a Unix socket for those of sessions, where Session Manager would come by
 * loopback.
 * Settings are the first argument as JSON; ready in one JSON line.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { gatewayNetwork, packer, startAgent } from '@sallyport/agent';
import type { PublicKey } from '@sallyport/grant-token';
import { systemEffects } from '@sallyport/effects/system';

const settings = JSON.parse(process.argv[2] ?? '') as {
  readonly address?: string;
  readonly port?: number;
  readonly path?: string;
  /** Default true. */
  readonly packs?: boolean;
  readonly agentId: string;
  readonly issuer: string;
  readonly key: PublicKey;
};
const effects = systemEffects();
const agent = await startAgent({
  config: { agentId: settings.agentId, issuer: settings.issuer, keys: [settings.key] },
  ports: {
    ...{ effects, network: await gatewayNetwork(effects, undefined) },
    ...(settings.packs === false ? {} : { packer }),
  },
});
const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => agent.accept(socket));
const { address: host, port, path } = settings;
await once(server.listen(path === undefined ? { host, port } : { path }), 'listening');
console.log(JSON.stringify({ event: 'ready' }));
process.once('SIGTERM', () => process.exit(0));
