/**
 * The laptop of the tests of whole packets, in a namespace of its own: a TUN device, the product's router, and its reach through the agent whose
 * carriers are connections to a Unix socket. Settings are the first argument (JSON); each line on standard input is answered with the counters.
 */
import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { createInterface } from 'node:readline';
import { AgentReach } from '@sallyport/connect/agent';
import { systemEffects } from '@sallyport/effects/system';
import {
  signAgentToken,
  signerOf,
  thumbprint,
  type AgentTokenClaims,
  type PrivateKey,
} from '@sallyport/grant-token';
import { startRouter } from '@sallyport/tunnel/edge';
import { openTun } from '@sallyport/tunnel/testing';

export interface PacketClientSettings {
  /** Leads to the agent's port. */
  readonly carrier: string;
  readonly agentId: string;
  readonly issuer: string;
  readonly privateKey: PrivateKey;
  readonly allow: AgentTokenClaims['allow'];
  readonly addresses: readonly string[];
  readonly routed: readonly string[];
}

const settings = JSON.parse(process.argv[2] ?? '') as PacketClientSettings;
const device = 'tun0';
const effects = systemEffects();
const signer = await signerOf(settings.privateKey);
const instanceId = 'i-0123456789abcdef0';
const reach = await AgentReach.open({
  effects,
  whileDown: 'wait',
  tunnel: {
    end: undefined,
    lease: { instanceId, agent: { id: settings.agentId, port: 7443, instanceId } } as never,
    carry: (far: Duplex) => {
      const socket = connect(settings.carrier);
      for (const [one, other] of [
        [socket, far],
        [far, socket],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
        one.pipe(other);
      }
    },
  },
  agentTokens: async (publicKey) => {
    const now = Math.floor(effects.clock.now() / 1000);
    const claims = {
      ...{ iss: settings.issuer, aud: settings.agentId, jti: 'tok_packets', usr: 'prs_1', suffixes: [] },
      ...{ sub: 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y', nbf: now, exp: now + 60, max_streams: 512 },
      ...{ cnf: { jkt: await thumbprint(publicKey) }, allow: settings.allow },
    };
    return { token: await signAgentToken(claims, signer) };
  },
});
const fd = openTun(device, 'vnet');
const ip = (...args: readonly string[]) => execFileSync('ip', args);
for (const address of settings.addresses)
  ip('addr', 'add', address, 'dev', device, ...(address.includes(':') ? ['nodad'] : []));
ip('link', 'set', device, 'mtu', '65535', 'up');
for (const range of settings.routed) ip('route', 'add', range, 'dev', device);
const router = await startRouter({
  ...{ device: { fd, name: device, framing: 'vnet', addresses: settings.addresses } },
  ...{ routes: settings.allow, reach, effects },
});
console.log(JSON.stringify({ carries: [...reach.carries] }));
for await (const _ of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(router.counters()));
await router.close();
reach.close();
