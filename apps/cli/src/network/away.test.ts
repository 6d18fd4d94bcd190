import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { settle, simulatedEffects } from '@sallyport/effects/simulated';
import { systemClock } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import type { Tunnel } from '@sallyport/connect';
import { AgentDouble } from '../../../../libs/connect/test/agent-double.ts';
import { pass, TunnelWorld } from '../../../../libs/connect/test/tunnel-world.ts';
import { aNetwork, routeGrant, SystemDouble, vpcFacts } from '../../test/network-double.ts';
import { Person } from '../../test/world-double.ts';
import type { Server } from '../server/server.ts';
import type { OpenNetwork } from './open-network.ts';
import { openReach } from './open-reach.ts';
import { beginNetwork } from './tunnel-network.ts';

/**
 * A routed network over hours of virtual time: the tunnel, its reconnecting and the way through the agent are the product's own, AWS is a double that can be cut, and the helper and the device
 * remember what became of them. The seconds of the same story run with real programs in e2e/route-network.e2e.ts.
 */
let effects: ReturnType<typeof simulatedEffects>;
let world: TunnelWorld;
let system: SystemDouble;
let tunnel: Tunnel;
let network: OpenNetwork;
/** What the control plane refuses a token with. */
let tokensRefused: Problem | undefined;
const host = { address: '10.0.2.60', port: 8080 };
const never = new AbortController().signal;

async function opened(whileDown: 'wait' | 'refuse' = 'wait', maxBps?: number): Promise<void> {
  effects = simulatedEffects({ startMs: systemClock.now(), seed: 20 });
  const agent = new AgentDouble(effects);
  system = new SystemDouble();
  const person = await Person.at('https://sallyport.example.com');
  const around = { ...person.world(), effects };
  await person.leave();
  // As the story of a tunnel does, once the network is joined.
  const joined: { network?: OpenNetwork } = {};
  world = await TunnelWorld.create({
    ...{ effects, serve: agent.serve, lifeSeconds: 36_000 },
    options: { listen: { on: 'nothing' }, whileDown },
    onState: (state) => state === 'reconnecting' && joined.network?.down(),
    onRecovered: () => void joined.network?.recovered(),
  });
  tokensRefused = undefined;
  if (maxBps !== undefined) world.controlPlane.network = { ...aNetwork().network!, maxBps };
  const server = {
    address: new URL('https://sallyport.example.com'),
    api: {
      listResources: async () => ({ items: [] }),
      issueRouteGrant: async () => ({
        token: routeGrant({ names: [], suffixes: [], routes: vpcFacts.routes }),
        expiresAt: world.controlPlane.endsAt,
        fingerprint: '',
      }),
      issueAgentToken: async () => {
        if (world.controlPlane.unreachable) throw new Problem('SERVER_UNREACHABLE');
        if (tokensRefused) throw tokensRefused;
        return { token: 'a token' };
      },
      listSigningKeys: async () => ({ keySets: [] }),
    },
  } as unknown as Server;
  const begun = await beginNetwork(
    { world: around, server, system: Object.assign(system, { reach: openReach }), debug: () => undefined },
    {
      ...{ resource: aNetwork(), grantId: 'grt_1', via: 'tun', whileDown, at: { on: 'port', port: 0 } },
      ...{ refused: () => undefined, stranger: () => undefined },
    },
  );
  tunnel = await world.start();
  const joining = begun!.join(tunnel, never);
  await arrives(joining);
  network = joined.network = await joining;
}

/** Lets virtual time pass until what is waited for is there. */
async function arrives(waited: Promise<unknown>): Promise<void> {
  let there = false;
  const seen = () => (there = true);
  waited.then(seen, seen);
  await vi.waitFor(
    async () => {
      await pass(effects, 20);
      expect(there).toBe(true);
    },
    { timeout: 45_000, interval: 1 },
  );
}

/** Says a word in a conversation and hears it back. */
async function echoes(stream: Duplex, word: string): Promise<void> {
  let heard = '';
  const listen = (bytes: Buffer) => (heard += bytes.toString());
  stream.on('data', listen);
  stream.write(word);
  await vi.waitFor(
    async () => {
      await pass(effects, 20);
      expect(heard).toBe(word);
    },
    { timeout: 45_000, interval: 1 },
  );
  stream.off('data', listen);
}

async function conversation(): Promise<Duplex> {
  const opening = network.reach.openTcp(host, never);
  await arrives(opening);
  return opening;
}

function cut(): void {
  world.gateway.cut = true;
  world.controlPlane.unreachable = true;
  world.gateway.drop();
}

function mend(): void {
  world.gateway.cut = false;
  world.controlPlane.unreachable = false;
}

afterEach(async () => {
  await network?.close();
  await world[Symbol.asyncDispose]();
});

describe('d3 reconnect: a routed network that is cut', () => {
  for (const [name, cutMs] of [
    ['5 s', 5_000],
    ['2 min', 120_000],
    ['30 min', 1_800_000],
  ] as const) {
    it(`is back within 5 s of the network event after ${name}, with its routes in place all the while`, async () => {
      await opened();
      await echoes(await conversation(), 'before');
      cut();
      await pass(effects, cutMs, Math.max(50, cutMs / 2_000));
      expect(tunnel.state).toBe('reconnecting');
      expect(system.closed).toEqual([]);
      mend();
      const from = effects.clock.monotonic();
      world.wake({ what: 'networkChanged' });
      await echoes(await conversation(), 'after');
      expect(effects.clock.monotonic() - from).toBeLessThan(5_000);
      expect(system.opens).toHaveLength(1);
      expect(system.closed).toEqual([]);
    });

    it(`is back within 15 s after ${name} when no interface tells of it: the control plane's answer does`, async () => {
      await opened();
      cut();
      await pass(effects, cutMs, Math.max(50, cutMs / 2_000));
      mend();
      const from = effects.clock.monotonic();
      await echoes(await conversation(), 'after');
      expect(effects.clock.monotonic() - from).toBeLessThan(15_000);
    });
  }

  it('lets new connections wait for it', async () => {
    await opened();
    cut();
    await pass(effects, 120_000, 500);
    const waiting = network.reach.openTcp(host, never);
    await pass(effects, 20_000, 500);
    mend();
    world.wake({ what: 'networkChanged' });
    await arrives(waiting);
    await echoes(await waiting, 'waited');
  });

  it('lets them fail fast where that is the choice, and carries them again when it is back', async () => {
    await opened('refuse');
    cut();
    await pass(effects, 120_000, 500);
    const refused = expect(network.reach.openTcp(host, never)).rejects.toMatchObject({ code: 'REACH_DOWN' });
    await settle();
    await refused;
    mend();
    const from = effects.clock.monotonic();
    world.wake({ what: 'networkChanged' });
    await vi.waitFor(
      async () => {
        await pass(effects, 20);
        await echoes(await network.reach.openTcp(host, never), 'again');
      },
      { timeout: 45_000, interval: 1 },
    );
    expect(effects.clock.monotonic() - from).toBeLessThan(5_000);
  });

  it('is tried ever less often, with jitter, up to 30 s apart', async () => {
    await opened();
    cut();
    const at: number[] = [];
    let seen = world.controlPlane.calls.filter((call) => call.startsWith('lease')).length;
    for (let second = 0; second < 1_800; second++) {
      await effects.time.advanceAsync(1_000);
      const now = world.controlPlane.calls.filter((call) => call.startsWith('lease')).length;
      for (; seen < now; seen++) at.push(second);
    }
    const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    const mean = (some: number[]) => some.reduce((sum, gap) => sum + gap, 0) / some.length;
    expect(Math.max(...gaps)).toBeLessThanOrEqual(32);
    expect(mean(gaps.slice(0, 4))).toBeLessThan(mean(gaps.slice(-20)) / 2);
    expect(new Set(gaps.slice(-20)).size).toBeGreaterThan(8);
    expect(at.at(-1)).toBeGreaterThan(1_700);
  });

  it('is not tried any more once the grant was revoked meanwhile', async () => {
    await opened();
    cut();
    await pass(effects, 120_000, 500);
    world.controlPlane.ended = { reason: 'revoked', comment: 'laptop lost' };
    tokensRefused = new Problem('GRANT_ENDED');
    mend();
    await arrives(tunnel.ended);
    expect(await tunnel.ended).toMatchObject({ reason: 'revoked', order: { comment: 'laptop lost' } });
    const calls = world.controlPlane.calls.length;
    await pass(effects, 120_000, 500);
    expect(world.controlPlane.calls).toHaveLength(calls);
    await expect(network.reach.openTcp(host, never)).rejects.toMatchObject({ code: 'REACH_ENDED' });
  });
});

describe('a routed network with a speed', () => {
  it('is no faster than that, whoever would let it be', async () => {
    await opened('wait', 800_000);
    const stream = await conversation();
    const from = effects.clock.monotonic();
    await echoes(stream, 'x'.repeat(200_000));
    // 200 kB at 100 kB/s; a quarter of a second and a chunk are free.
    expect(effects.clock.monotonic() - from).toBeGreaterThan(1_000);
  });
});
