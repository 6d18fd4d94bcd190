import { afterEach, describe, expect, it, vi } from 'vitest';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { systemClock } from '@sallyport/effects/system';
import { pass as letPass, TunnelWorld, type WorldOptions } from '../test/tunnel-world.ts';

/** What happens at the edges of a tunnel's life: lost while it opens, asleep at its end, ended while something is under way. */
let world: TunnelWorld;
let virtual: Pick<ReturnType<typeof simulatedEffects>, 'time'>;

async function aWorld(
  { options, ...more }: Partial<WorldOptions> = {},
  time = simulatedEffects({ startMs: systemClock.now() }).time,
): Promise<TunnelWorld> {
  virtual = { time };
  const effects = { ...simulatedEffects(), clock: time, timers: time };
  world = await TunnelWorld.create({ effects, options: { pool: { sessionsMax: 1 }, ...options }, ...more });
  return world;
}
const pass = (ms: number, stepMs?: number) => letPass(virtual, ms, stepMs);

afterEach(() => world[Symbol.asyncDispose]());

describe('a machine that sleeps over the end of its grant', () => {
  /** Wakes ten seconds after the end, with no network yet: the wall clock went on, timers did not. */
  async function asleepOverTheEnd() {
    const { time, ...rest } = simulatedEffects({ startMs: systemClock.now() });
    let slept = 0;
    const clock = { now: () => time.now() + slept, monotonic: () => time.monotonic() };
    const tunnel = await (await aWorld({ lifeSeconds: 600, effects: { ...rest, clock } }, time)).start();
    world.controlPlane.unreachable = true;
    slept = Date.parse(world.controlPlane.endsAt) + 10_000 - time.now();
    world.wake({ what: 'woke', byMs: slept });
    return tunnel;
  }

  it('asks before it takes an extended grant for ended, and gives the network half a minute', async () => {
    const tunnel = await asleepOverTheEnd();
    await pass(20_000, 500);
    expect(tunnel.end).toBeUndefined();
    world.controlPlane.endsAt = new Date(Date.parse(world.controlPlane.endsAt) + 3_600_000).toISOString();
    world.controlPlane.unreachable = false;
    await pass(3_000, 500);
    await pass(60_000, 500);
    expect(tunnel.end).toBeUndefined();
    expect(tunnel.endsAt).toBe(world.controlPlane.endsAt);
  });

  it('ends by its own clock when nobody answers within that time', async () => {
    const tunnel = await asleepOverTheEnd();
    await pass(29_000, 500);
    expect(tunnel.end).toBeUndefined();
    await pass(2_000, 500);
    expect(tunnel.end).toMatchObject({ reason: 'grant_ended', order: { code: 'GRANT_ENDED' } });
  });

  it('ends at once when the control plane says so', async () => {
    const tunnel = await asleepOverTheEnd();
    await pass(5_000, 500);
    world.controlPlane.unreachable = false;
    world.controlPlane.order = { code: 'GRANT_ENDED', reason: 'expired', comment: null };
    await pass(2_000, 500);
    expect(tunnel.end).toMatchObject({ order: { reason: 'expired' } });
  });
});

describe('a first session that is lost in the same breath', () => {
  it('is not called open', async () => {
    await aWorld();
    world.gateway.dropsAtOnce = true;
    const tunnel = await world.start();
    expect(world.told.filter((line) => ['open', 'reconnecting'].includes(line))).toEqual(['reconnecting']);
    expect(tunnel.state).toBe('reconnecting');
    world.gateway.dropsAtOnce = false;
    await pass(5_000);
    expect(tunnel.state).toBe('open');
  });
});

describe('the end of a tunnel', () => {
  it('does not wait for a judge who never answers, and resets whoever was to be judged', async () => {
    await aWorld({ options: { admit: () => new Promise<boolean>(() => undefined) } });
    const tunnel = await world.start();
    const one = world.program(tunnel.port);
    await vi.waitFor(() => expect(one.socket.connecting).toBe(false), { timeout: 45_000 });
    await pass(200);
    const ended = tunnel.close();
    await pass(3_000);
    await expect(ended).resolves.toMatchObject({ reason: 'client_exit' });
    await one.closed;
    expect(one.failure).toBe('ECONNRESET');
  });

  it('resets a program that nobody has judged in ten seconds', async () => {
    await aWorld({ options: { admit: () => new Promise<boolean>(() => undefined) } });
    const tunnel = await world.start();
    const one = world.program(tunnel.port);
    await vi.waitFor(() => expect(one.socket.connecting).toBe(false), { timeout: 45_000 });
    await pass(200);
    await pass(10_000, 500);
    await one.closed;
    expect(one.failure).toBe('ECONNRESET');
    expect(tunnel.snapshot().flows).toBe(0);
  });

  it('waits for the lease that a lost session is to be terminated with', async () => {
    const tunnel = await (await aWorld()).start();
    const lost = tunnel.snapshot().sessions[0]?.ssmSessionId;
    const one = world.program(tunnel.port);
    await vi.waitFor(() => expect(tunnel.snapshot().flows).toBe(1), { timeout: 45_000 });
    const answer = Promise.withResolvers<void>();
    world.controlPlane.leasesAfter = answer.promise;
    world.gateway.agentsDead = true;
    await vi.waitFor(
      async () => {
        one.say('anybody there?');
        await pass(5_000, 500);
        expect(tunnel.state).toBe('reconnecting');
      },
      { timeout: 45_000, interval: 5 },
    );
    // The session is given up, and no lease is there yet to end it with.
    const ended = tunnel.close();
    await pass(500);
    answer.resolve();
    await pass(3_000);
    await ended;
    expect(world.gateway.terminated).toContain(lost);
  });
});
