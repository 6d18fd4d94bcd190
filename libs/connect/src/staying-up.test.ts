import { afterEach, describe, expect, it, vi } from 'vitest';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { systemClock } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { pass, TunnelWorld, type Program, type WorldOptions } from '../test/tunnel-world.ts';
import type { Tunnel } from './index.ts';

let world: TunnelWorld;
let effects: ReturnType<typeof simulatedEffects>;

async function opened(
  options: WorldOptions['options'] = {},
  more: Partial<WorldOptions> = {},
): Promise<Tunnel> {
  effects = simulatedEffects({ startMs: systemClock.now() });
  world = await TunnelWorld.create({ effects, options: { pool: { sessionsMax: 1 }, ...options }, ...more });
  return world.start();
}
async function program(tunnel: Tunnel): Promise<Program> {
  const before = tunnel.snapshot().flows;
  const one = world.program(tunnel.port);
  await vi.waitFor(() => expect(tunnel.snapshot().flows).toBe(before + 1), { timeout: 45_000 });
  return one;
}
/** Says something and waits, in virtual time, until it came back. */
async function echoes(one: Program, text: string): Promise<void> {
  const before = one.received.length;
  one.say(text);
  await vi.waitFor(
    async () => {
      await pass(effects, 20);
      expect(one.received.slice(before)).toBe(text);
    },
    { timeout: 45_000, interval: 5 },
  );
}
const told = (what: string) => world.told.filter((line) => line.startsWith(what));
const calls = (what: string) => world.gateway.calls.filter((call) => call.startsWith(what));

afterEach(() => world[Symbol.asyncDispose]());

describe('the hourly close', () => {
  it('is survived 24 times by resuming with a fresh lease, and open connections live on', async () => {
    const tunnel = await opened({}, { lifeSeconds: 100_000 });
    const one = await program(tunnel);
    for (let hour = 1; hour <= 24; hour++) {
      await pass(effects, 3_600_000, 5_000);
      world.gateway.drop(undefined, 1000);
      await pass(effects, 1_000);
      await echoes(one, `hour ${hour}`);
    }
    expect(tunnel.snapshot().reconnects).toEqual({ service_close: 24 });
    expect(told('recovered')).toEqual(Array.from({ length: 24 }, () => 'recovered resumed'));
    expect(calls('ResumeSession').at(-1)).toBe('ResumeSession lse_25');
    expect(calls('StartSession')).toHaveLength(1);
  });

  it('is survived by a fresh session when resume is refused; connections are told the truth, and the old session is ended', async () => {
    const tunnel = await opened();
    const one = await program(tunnel);
    await echoes(one, 'before');
    const old = tunnel.snapshot().sessions[0]?.ssmSessionId ?? '';
    world.gateway.failures.resume = new Problem('SSM_SESSION_REFUSED');
    world.gateway.drop(undefined, 1000);
    await pass(effects, 1_000);
    await one.closed;
    expect(one.failure).toBe('ECONNRESET');
    expect(told('lost')).toEqual(['lost 1']);
    expect(told('recovered')).toEqual(['recovered fresh']);
    expect(world.gateway.terminated).toEqual([old]);
    await echoes(await program(tunnel), 'after');
  });
});

describe('d3: a cut network', () => {
  for (const [name, cutMs] of [
    ['5 s', 5_000],
    ['2 min', 120_000],
    ['30 min', 1_800_000],
  ] as const)
    it(`is survived after ${name}: back within 5 s of the network event, with the open connection`, async () => {
      const tunnel = await opened();
      const one = await program(tunnel);
      await echoes(one, 'before');
      world.gateway.cut = true;
      world.controlPlane.unreachable = true;
      world.gateway.drop();
      await pass(effects, cutMs, cutMs / 100);
      expect(tunnel.state).toBe('reconnecting');
      world.gateway.cut = false;
      world.controlPlane.unreachable = false;
      world.wake({ what: 'networkChanged' });
      await pass(effects, 5_000);
      expect(tunnel.state).toBe('open');
      expect(told('recovered')).toEqual(['recovered resumed']);
      expect(told('obstacle')).toEqual(['obstacle SERVER_UNREACHABLE']);
      await echoes(one, 'after');
    });

  it('is found back within 30 s without any network event', async () => {
    const tunnel = await opened();
    world.gateway.cut = true;
    world.gateway.drop();
    await pass(effects, 600_000, 5_000);
    world.gateway.cut = false;
    await pass(effects, 31_000, 1_000);
    expect(tunnel.state).toBe('open');
  });

  it('is tried again ever less often, with jitter, up to 30 s apart, and without an end', async () => {
    const tunnel = await opened({}, { lifeSeconds: 100_000 });
    world.controlPlane.unreachable = true;
    world.gateway.drop();
    const at: number[] = [];
    let seen = world.controlPlane.calls.filter((call) => call.startsWith('lease')).length;
    for (let second = 0; second < 7_200; second++) {
      await effects.time.advanceAsync(1_000);
      const now = world.controlPlane.calls.filter((call) => call.startsWith('lease')).length;
      for (; seen < now; seen++) at.push(second);
    }
    const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(32);
    const mean = (some: number[]) => some.reduce((sum, gap) => sum + gap, 0) / some.length;
    expect(mean(gaps.slice(0, 5))).toBeLessThan(mean(gaps.slice(-50)) / 2);
    expect(new Set(gaps.slice(-50)).size).toBeGreaterThan(10);
    expect(at.at(-1)).toBeGreaterThan(7_100);
    expect(tunnel.state).toBe('reconnecting');
  });

  it('is survived when a proxy swallows the way back to the gateway without an answer', async () => {
    const tunnel = await opened();
    const one = await program(tunnel);
    await echoes(one, 'before');
    world.gateway.mazed = true;
    world.gateway.drop();
    await pass(effects, 10_000, 1_000);
    expect(tunnel.state).toBe('reconnecting');
    world.gateway.mazed = false;
    await pass(effects, 40_000, 1_000);
    expect(tunnel.state).toBe('open');
    expect(told('obstacle')).toEqual(['obstacle SSM_UNREACHABLE']);
    await echoes(one, 'after');
  });

  it('is survived when a proxy refuses the way for a while, however often', async () => {
    const tunnel = await opened();
    const one = await program(tunnel);
    await echoes(one, 'before');
    world.gateway.failures.open = new Problem('PROXY_REFUSED');
    world.gateway.drop();
    await pass(effects, 120_000, 1_000);
    expect(tunnel.state).toBe('reconnecting');
    expect(told('obstacle')).toEqual(['obstacle PROXY_REFUSED']);
    delete world.gateway.failures.open;
    await pass(effects, 31_000, 1_000);
    expect(tunnel.state).toBe('open');
    await echoes(one, 'after');
  });

  it('lets new connections wait, 30 s at most, then tells them the truth', async () => {
    const tunnel = await opened();
    world.gateway.cut = true;
    world.gateway.drop();
    await pass(effects, 100);
    const patient = await program(tunnel);
    await pass(effects, 20_000, 1_000);
    expect(patient.failure).toBeUndefined();
    await pass(effects, 11_000, 1_000);
    await patient.closed;
    expect(patient.failure).toBe('ECONNRESET');
    const lucky = await program(tunnel);
    world.gateway.cut = false;
    world.wake({ what: 'networkChanged' });
    await pass(effects, 1_000);
    await echoes(lucky, 'waited');
  });

  it('refuses new connections at once where that is the choice', async () => {
    const tunnel = await opened({ whileDown: 'refuse' });
    world.gateway.cut = true;
    world.gateway.drop();
    await vi.waitFor(() => expect(tunnel.state).toBe('reconnecting'), { timeout: 30_000 });
    const hasty = world.program(tunnel.port);
    await hasty.closed;
    expect(hasty.failure).toBe('ECONNRESET');
  });

  it('is not tried any more once the grant is revoked or the person signed out', async () => {
    const tunnel = await opened();
    world.controlPlane.unreachable = true;
    world.gateway.drop();
    await pass(effects, 60_000, 1_000);
    world.controlPlane.unreachable = false;
    world.controlPlane.ended = { reason: 'revoked', comment: 'laptop lost' };
    await pass(effects, 31_000, 1_000);
    expect(await tunnel.ended).toMatchObject({ reason: 'revoked', order: { comment: 'laptop lost' } });
    const before = world.controlPlane.calls.length;
    await pass(effects, 60_000, 1_000);
    expect(world.controlPlane.calls).toHaveLength(before);
  });

  it('ends after three refusals of AWS in a row, and not after one', async () => {
    const tunnel = await opened();
    world.gateway.failures.resume = 'gone';
    world.gateway.failures.start = new Problem('SSM_SESSION_REFUSED');
    world.gateway.drop();
    await pass(effects, 20);
    expect(tunnel.end).toBeUndefined();
    await pass(effects, 20_000, 500);
    expect(await tunnel.ended).toMatchObject({ reason: 'error', problem: { code: 'SSM_SESSION_REFUSED' } });
    expect(calls('StartSession')).toHaveLength(4);
  });
});

describe('d4: a peer that answers nothing', () => {
  const two = ['i-0123456789abcdef0', 'i-0fedcba9876543210'];

  it('is dead within 45 s when the agent acknowledges nothing although the gateway answers; another gateway is taken', async () => {
    const tunnel = await opened({}, {});
    world.controlPlane.instances = two;
    const one = await program(tunnel);
    await echoes(one, 'before');
    world.gateway.deadInstances.add(two[0]!);
    one.say('anybody there?');
    await pass(effects, 30_000, 500);
    expect(tunnel.state).toBe('open');
    await pass(effects, 17_000, 500);
    expect(tunnel.snapshot().reconnects).toEqual({ agent_dead: 1 });
    expect(tunnel.state).toBe('open');
    expect(tunnel.snapshot().sessions[0]?.instanceId).toBe(two[1]);
    expect(told('gateway')).toEqual([`gateway ${two[0]} ${two[1]}`]);
    expect(told('told')).toEqual(['told agent_dead']);
    expect(told('lost')).toEqual(['lost 1']);
    expect(world.controlPlane.avoided.at(-1)).toEqual([two[0]]);
    expect(world.controlPlane.losses).toEqual([null, 'agent_dead']);
    await echoes(await program(tunnel), 'after');
  });

  it('is dead within 45 s when the gateway answers no ping, and the session is resumed', async () => {
    const tunnel = await opened();
    const one = await program(tunnel);
    await pass(effects, 60_000, 500);
    world.gateway.mute();
    await pass(effects, 39_000, 500);
    expect(tunnel.snapshot().reconnects).toEqual({});
    await pass(effects, 6_500, 500);
    expect(tunnel.snapshot().reconnects).toEqual({ peer_dead: 1 });
    await echoes(one, 'lived on');
    await pass(effects, 20_000, 500);
    expect(world.controlPlane.losses).toEqual([null, 'peer_dead', null]);
  });

  it('is dead within 20 s when the gateway answers nothing that was said, and the session is resumed', async () => {
    const tunnel = await opened();
    const one = await program(tunnel);
    await pass(effects, 60_000, 500);
    world.gateway.mute();
    const echoed = echoes(one, 'anybody there?');
    await pass(effects, 21_000, 500);
    expect(tunnel.snapshot().reconnects).toEqual({ peer_dead: 1 });
    await echoed;
    expect(told('recovered')).toEqual(['recovered resumed']);
  });

  it('is not taken for dead while it is merely idle, or answers', async () => {
    const tunnel = await opened();
    const one = await program(tunnel);
    for (let minute = 0; minute < 5; minute++) {
      await pass(effects, 60_000, 500);
      await echoes(one, `minute ${minute}`);
    }
    expect(tunnel.snapshot().reconnects).toEqual({});
    expect(told('told')).toEqual([]);
  });

  it('is avoided after two failed attempts to start a session on it', async () => {
    const tunnel = await opened();
    world.controlPlane.instances = two;
    world.gateway.failures.resume = 'gone';
    world.gateway.offline.add(two[0]!);
    world.gateway.drop();
    await pass(effects, 10_000, 200);
    expect(tunnel.state).toBe('open');
    expect(calls('StartSession')).toHaveLength(4);
    expect(told('obstacle')).toEqual(['obstacle SSM_TARGET_OFFLINE']);
    expect(told('gateway')).toHaveLength(1);
  });
});

describe('a session that AWS ends each time right after it began', () => {
  it('is not started over and over without a pause', async () => {
    const tunnel = await opened();
    for (let tenth = 0; tenth < 600; tenth++) {
      if (tunnel.state === 'open') world.gateway.close();
      await effects.time.advanceAsync(100);
    }
    // One each half second without pauses; with them ever fewer.
    expect(calls('StartSession').length).toBeLessThan(30);
    expect(tunnel.end).toBeUndefined();
  });
});

describe('opening', () => {
  const two = ['i-0123456789abcdef0', 'i-0fedcba9876543210'];

  async function opening(prepare: () => void): Promise<Tunnel> {
    effects = simulatedEffects({ startMs: systemClock.now() });
    world = await TunnelWorld.create({ effects });
    prepare();
    const tunnel = world.start();
    tunnel.catch(() => undefined);
    await pass(effects, 20_000, 500);
    return tunnel;
  }

  it('takes another gateway when the first is offline', async () => {
    const tunnel = await opening(() => {
      world.controlPlane.instances = two;
      world.gateway.offline.add(two[0]!);
    });
    expect(tunnel.snapshot().sessions[0]?.instanceId).toBe(two[1]);
  });

  it('takes another gateway when the agent of the first does not answer within 15 s', async () => {
    const tunnel = await opening(() => {
      world.controlPlane.instances = two;
      world.gateway.deadInstances.add(two[0]!);
    });
    expect(tunnel.snapshot().sessions[0]?.instanceId).toBe(two[1]);
    expect(world.gateway.terminated).toHaveLength(1);
  });

  it('says what stood in the way when there is no other', async () => {
    await expect(opening(() => world.gateway.offline.add(two[0]!))).rejects.toMatchObject({
      code: 'SSM_TARGET_OFFLINE',
    });
    expect(calls('StartSession')).toHaveLength(1);
  });

  it('asks for a lease again when the control plane says to come back in a moment, and not for ever', async () => {
    const soon = { retryAfterSeconds: 2 };
    await opening(() => (world.controlPlane.leaseRefusals = [soon, soon]));
    expect(told('progress').at(-1)).toBe('progress ready');
    await world[Symbol.asyncDispose]();
    await expect(
      opening(() => (world.controlPlane.leaseRefusals = [soon, soon, soon])),
    ).rejects.toMatchObject({
      code: 'LEASE_UNAVAILABLE',
    });
    await world[Symbol.asyncDispose]();
    await expect(opening(() => (world.controlPlane.leaseRefusals = [{}]))).rejects.toMatchObject({
      code: 'LEASE_UNAVAILABLE',
    });
    expect(world.controlPlane.calls.filter((call) => call === 'lease')).toHaveLength(1);
  });

  it('tells each step', async () => {
    await opening(() => undefined);
    expect(told('progress')).toEqual([
      'progress port',
      'progress lease',
      'progress session',
      'progress channel',
      'progress ready',
    ]);
  });
});

describe('sleep', () => {
  it('is followed by a ping that must be answered within 5 s', async () => {
    const tunnel = await opened();
    const one = await program(tunnel);
    world.gateway.mute();
    world.wake({ what: 'woke', byMs: 3_600_000 });
    await pass(effects, 6_000);
    expect(tunnel.snapshot().reconnects).toEqual({ woke: 1 });
    await echoes(one, 'lived on');
  });

  it('costs a connection nothing that still answers', async () => {
    const tunnel = await opened();
    world.wake({ what: 'woke', byMs: 60_000 });
    world.wake({ what: 'networkChanged' });
    await pass(effects, 20_000, 500);
    expect(tunnel.snapshot().reconnects).toEqual({});
  });
});

describe('warnings', () => {
  it('are given 10, 5 and 1 minute before the end', async () => {
    await opened({}, { lifeSeconds: 900 });
    await pass(effects, 299_000, 1_000);
    expect(told('warning')).toEqual([]);
    await pass(effects, 2_000, 1_000);
    expect(told('warning')).toEqual(['warning 600']);
    await pass(effects, 300_000, 1_000);
    expect(told('warning')).toEqual(['warning 600', 'warning 300']);
    await pass(effects, 240_000, 1_000);
    expect(told('warning')).toEqual(['warning 600', 'warning 300', 'warning 60']);
  });

  it('are only those that lie ahead, and come again for an extended grant', async () => {
    await opened({}, { lifeSeconds: 240 });
    await pass(effects, 190_000, 1_000);
    expect(told('warning')).toEqual(['warning 60']);
    world.controlPlane.endsAt = new Date(effects.clock.now() + 400_000).toISOString();
    await pass(effects, 399_000, 1_000);
    expect(told('warning')).toEqual(['warning 60', 'warning 300', 'warning 60']);
  });
});
