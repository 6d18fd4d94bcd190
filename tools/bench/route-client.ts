/**
 * The client of `route` on the laptop: a TUN device, the product's router and its reach through the agent, over plain TCP carriers, or over sessions of a sandbox. Settings are the
 * first argument as JSON; ready in one JSON line. A line on standard input asks how many carriers there are.
 */
import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { AgentReach } from '@sallyport/connect/agent';
import { systemEffects } from '@sallyport/effects/system';
import { signAgentToken, signerOf, thumbprint, type PrivateKey } from '@sallyport/grant-token';
import { startRouter } from '@sallyport/tunnel/edge';
import { overTheDevice } from '@sallyport/tunnel/edge/privileged';
import { openTun } from '@sallyport/tunnel/testing';

const settings = JSON.parse(process.argv[2] ?? '') as {
  readonly agent: { readonly id: string; readonly address: string; readonly port: number };
  readonly sandbox?: { readonly ready: Readonly<Record<string, unknown>>; readonly sessions: number };
  readonly issuer: string;
  readonly privateKey: PrivateKey;
  readonly network: string;
};
const device = 'tun0';
const own = '100.64.9.1';
const effects = systemEffects();
const signer = await signerOf(settings.privateKey);
const instanceId = 'i-0b5c1d2e3f4a50617';
let tokens = 0;

const routes = [
  { cidr: settings.network, ports: [[1, 65_535] as [number, number]], proto: 'tcp' as const },
  { cidr: settings.network, ports: [[1, 65_535] as [number, number]], proto: 'udp' as const },
  { cidr: settings.network, ports: [], proto: 'icmp' as const },
];
/** Carriers by plain TCP. */
const overTcp: Parameters<typeof AgentReach.open>[0]['tunnel'] = {
  end: undefined,
  lease: { instanceId, agent: { id: settings.agent.id, port: settings.agent.port, instanceId } } as never,
  carry: () => undefined,
  dial: () => {
    const { address, port } = settings.agent;
    return connect({ host: address, port, noDelay: true });
  },
};
async function overSessions({ ready, sessions }: NonNullable<typeof settings.sandbox>) {
  const { openTunnel } = await import('./session-world.ts');
  return openTunnel({ ready }, sessions);
}
const reach = await AgentReach.open({
  ...{ effects, whileDown: 'wait' },
  tunnel: settings.sandbox === undefined ? overTcp : await overSessions(settings.sandbox),
  agentTokens: async (publicKey) => {
    const now = Math.floor(effects.clock.now() / 1000);
    tokens += 1;
    const claims = {
      ...{ iss: settings.issuer, aud: settings.agent.id, jti: `tok_${tokens}`, usr: 'prs_bench' },
      ...{ sub: 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y', nbf: now, exp: now + 60, suffixes: [], max_streams: 512 },
      cnf: { jkt: await thumbprint(publicKey) },
      allow: routes,
    };
    return { token: await signAgentToken(claims, signer) };
  },
});
const fd = openTun(device, 'vnet');
const ip = (...args: readonly string[]) => execFileSync('ip', args);
ip('addr', 'add', `${own}/32`, 'dev', device);
ip('link', 'set', device, 'mtu', '65535', 'txqueuelen', '2000', 'up');
// Half of the network each: narrower than the gateway's own route, which the direct measurements need.
const [base = '', prefix = ''] = settings.network.split('/');
const halves = [base, base.replace(/\.\d+$/, '.128')].map((half) => `${half}/${Number(prefix) + 1}`);
for (const half of halves) ip('route', 'add', half, 'dev', device, 'src', own, ...overTheDevice.split(' '));
await startRouter({
  device: { fd, name: device, framing: 'vnet', addresses: [own] },
  // `ENDING=kernel` measures the listeners of the kernel that the router has taken the place of (ADR 162).
  ending: process.env['ENDING'] as 'kernel' | undefined,
  routes,
  reach,
  effects,
  debug: (message) => {
    if (process.env['ROUTE_DEBUG']) process.stderr.write(`${message}\n`);
  },
});
console.log(JSON.stringify({ event: 'ready' }));
createInterface({ input: process.stdin }).on('line', () =>
  console.log(JSON.stringify({ carriers: reach.carriers.length })),
);
process.once('SIGTERM', () => process.exit(0));
