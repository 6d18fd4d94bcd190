import { Duplex } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { settle, simulatedEffects } from '@sallyport/effects/simulated';
import { systemClock } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { pass, TunnelWorld, type Program, type WorldOptions } from '../test/tunnel-world.ts';
import type { Tunnel } from './index.ts';

let world: TunnelWorld;
let effects: ReturnType<typeof simulatedEffects>;

/** A world of virtual time with an open tunnel. */
async function opened(options: WorldOptions['options'] = {}): Promise<Tunnel> {
  effects = simulatedEffects({ startMs: systemClock.now() });
  world = await TunnelWorld.create({ effects, options });
  return world.start();
}
/** Programs that connect together; all are accepted when it resolves. */
async function programs(tunnel: Tunnel, count: number): Promise<Program[]> {
  const before = tunnel.snapshot().flows;
  const all = Array.from({ length: count }, () => world.program(tunnel.port));
  await vi.waitFor(() => expect(tunnel.snapshot().flows).toBe(before + count), { timeout: 45_000 });
  return all;
}
async function echoes(program: Program, text: string): Promise<void> {
  const before = program.received.length;
  program.say(text);
  await vi.waitFor(
    async () => {
      await pass(effects, 20);
      expect(program.received.slice(before)).toBe(text);
    },
    { timeout: 45_000, interval: 5 },
  );
}
/** A program that says so much to the echo and reads nothing of what comes back. */
function deafAfterSaying(bytes: number): Duplex {
  let left = bytes;
  return new Duplex({
    read(size) {
      const length = Math.min(size, left);
      left -= length;
      if (length > 0) this.push(Buffer.alloc(length));
    },
    write: () => undefined,
  });
}
const flows = (tunnel: Tunnel) => tunnel.snapshot().sessions.map((session) => session.flows);
const starts = () => world.gateway.calls.filter((call) => call.startsWith('StartSession')).length;

afterEach(() => world[Symbol.asyncDispose]());

describe('a pool of sessions', () => {
  it('d7: eight connections begun together get a session each, within two seconds', async () => {
    const tunnel = await opened();
    const all = await programs(tunnel, 8);
    await pass(effects, 2_000);
    expect(flows(tunnel)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    for (const [index, program] of all.entries()) await echoes(program, `program ${index}`);
  });

  it('starts at most four sessions at once and three a second after', async () => {
    const tunnel = await opened();
    await programs(tunnel, 8);
    await pass(effects, 100);
    expect(starts()).toBe(4);
    await pass(effects, 1_000);
    expect(starts()).toBe(7);
  });

  it('carries more connections than sessions on the least loaded', async () => {
    const tunnel = await opened({ pool: { sessionsMax: 3 } });
    const all = await programs(tunnel, 9);
    await pass(effects, 4_000);
    expect(flows(tunnel)).toEqual([3, 3, 3]);
    for (const program of all) await echoes(program, 'x');
  });

  it('starts nothing for a connection beside known, quiet ones, once there are three sessions', async () => {
    const tunnel = await opened();
    const all = await programs(tunnel, 3);
    await pass(effects, 5_000);
    expect(flows(tunnel)).toEqual([1, 1, 1]);
    all.push(...(await programs(tunnel, 1)));
    for (const program of all) await echoes(program, 'select 1');
    expect(flows(tunnel)).toEqual([2, 1, 1]);
  });

  it('keeps a quiet connection away from what may become bulk, while there are less than three', async () => {
    const tunnel = await opened();
    const [quiet] = await programs(tunnel, 1);
    await echoes(quiet!, 'select 1');
    await pass(effects, 5_000);
    const [later] = await programs(tunnel, 1);
    await echoes(later!, 'copy');
    expect(flows(tunnel)).toEqual([1, 1]);
  });

  it('lets a connection share with quiet ones when a session of its own is a second in coming', async () => {
    const tunnel = await opened();
    const [quiet] = await programs(tunnel, 1);
    await echoes(quiet!, 'select 1');
    await pass(effects, 5_000);
    const answer = Promise.withResolvers<void>();
    world.gateway.startsAfter = answer.promise;
    const [later] = await programs(tunnel, 1);
    await pass(effects, 900);
    expect(flows(tunnel)).toEqual([1, 0]);
    await pass(effects, 200);
    expect(flows(tunnel)).toEqual([2, 0]);
    await echoes(later!, 'shared');
    answer.resolve();
  });

  it('starts nothing for a connection that comes while the one before is just going', async () => {
    const tunnel = await opened();
    const [first] = await programs(tunnel, 1);
    await echoes(first!, 'select 1');
    const [second] = await programs(tunnel, 1);
    first!.socket.destroy();
    // Its last word arrives without virtual time passing.
    for (let turn = 0; turn < 200; turn++) await settle();
    await echoes(second!, 'select 2');
    await pass(effects, 1_000);
    expect(starts()).toBe(1);
  });

  it('keeps new connections away from a session that a slow reader holds up, for as long as it pauses', async () => {
    const tunnel = await opened({ pool: { sessionsMax: 2 } });
    const pager = deafAfterSaying(3 * 1024 * 1024);
    tunnel.carry(pager);
    const [second] = await programs(tunnel, 1);
    await pass(effects, 5_000);
    expect(flows(tunnel)).toEqual([1, 1]);
    const [third] = await programs(tunnel, 1);
    await pass(effects, 5_000);
    expect(flows(tunnel)).toEqual([1, 2]);
    await pass(effects, 900_000);
    await echoes(second!, 'still here');
    await echoes(third!, 'and here');
    expect(pager.destroyed).toBe(false);
    pager.destroy();
  });

  it('keeps a new connection away from bulk', async () => {
    const tunnel = await opened({ pool: { sessionsMax: 2 } });
    const [bulk] = await programs(tunnel, 1);
    const [second] = await programs(tunnel, 1);
    await pass(effects, 2_000);
    const before = flows(tunnel);
    expect(before).toEqual([1, 1]);
    for (let second = 0; second < 3; second++) {
      await echoes(bulk!, 'b'.repeat(40_000));
      await echoes(bulk!, 'b'.repeat(40_000));
      await echoes(bulk!, 'b'.repeat(40_000));
      await pass(effects, 1_000);
    }
    await echoes(bulk!, 'b'.repeat(200_000));
    await pass(effects, 1_000);
    await echoes(bulk!, 'b'.repeat(200_000));
    const third = await programs(tunnel, 2);
    await pass(effects, 3_000);
    expect(flows(tunnel)).toEqual([1, 3]);
    for (const program of [second!, ...third]) await echoes(program, 'typing');
  });

  it('never has more than one session when the pool is one', async () => {
    const tunnel = await opened({ pool: { sessionsMax: 1 } });
    const all = await programs(tunnel, 5);
    for (const program of all) await echoes(program, 'x');
    expect(starts()).toBe(1);
  });

  it('ends idle sessions after a minute, at AWS too, and keeps the first', async () => {
    const tunnel = await opened();
    const all = await programs(tunnel, 4);
    await pass(effects, 1_000);
    expect(flows(tunnel)).toEqual([1, 1, 1, 1]);
    for (const { socket } of all) socket.destroy();
    await vi.waitFor(
      async () => {
        await pass(effects, 200);
        expect(tunnel.snapshot().flows).toBe(0);
      },
      { timeout: 45_000, interval: 5 },
    );
    await pass(effects, 50_000, 1_000);
    expect(flows(tunnel)).toHaveLength(4);
    await pass(effects, 15_000, 1_000);
    expect(flows(tunnel)).toHaveLength(1);
    expect(world.gateway.terminated).toHaveLength(3);
    const [again] = await programs(tunnel, 1);
    await echoes(again!, 'still there');
  });

  it('carries on the sessions it has when AWS throttles, and asks again later and later', async () => {
    const tunnel = await opened();
    const [first] = await programs(tunnel, 1);
    world.gateway.failures.start = new Problem('SSM_THROTTLED');
    const [second] = await programs(tunnel, 1);
    await pass(effects, 1_000);
    await echoes(second!, 'shared');
    await echoes(first!, 'shared');
    expect(flows(tunnel)).toEqual([2]);
    const before = starts();
    await programs(tunnel, 4);
    await pass(effects, 20);
    expect(starts()).toBe(before);
  });

  it('loses the connections of one session only, and says how many', async () => {
    const tunnel = await opened();
    const all = await programs(tunnel, 3);
    await pass(effects, 1_000);
    world.gateway.close(tunnel.snapshot().sessions[1]?.ssmSessionId ?? '');
    await vi.waitFor(() => expect(all.filter(({ failure }) => failure === 'ECONNRESET')).toHaveLength(1), {
      timeout: 30_000,
    });
    await pass(effects, 1_000);
    expect(world.told).toContain('lost 1');
    expect(world.told).not.toContain('reconnecting');
    expect(tunnel.snapshot().reconnects).toEqual({ session_ended: 1 });
    for (const program of all.filter(({ failure }) => failure === undefined)) await echoes(program, 'alive');
  });

  it('resumes every session with connections when all are dropped, with one lease for all', async () => {
    const tunnel = await opened();
    const all = await programs(tunnel, 4);
    await pass(effects, 1_000);
    const leases = world.controlPlane.calls.filter((call) => call.startsWith('lease')).length;
    for (const { ssmSessionId } of tunnel.snapshot().sessions) world.gateway.drop(ssmSessionId ?? '', 1000);
    await pass(effects, 1_000);
    expect(world.gateway.calls.filter((call) => call.startsWith('ResumeSession'))).toHaveLength(4);
    expect(world.controlPlane.calls.filter((call) => call.startsWith('lease'))).toHaveLength(leases + 1);
    expect(tunnel.snapshot().reconnects).toEqual({ service_close: 4 });
    for (const program of all) await echoes(program, 'lived on');
    expect(world.told).not.toContain('lost 1');
  });

  it('tells what flows, in all and for each session', async () => {
    const tunnel = await opened();
    const [program] = await programs(tunnel, 1);
    await pass(effects, 1_000);
    await echoes(program!, 'y'.repeat(3_000));
    await pass(effects, 1_000);
    const snapshot = tunnel.snapshot();
    expect(snapshot).toMatchObject({
      state: 'open',
      health: 'good',
      bytesUp: 3_000,
      bytesDown: 3_000,
      flows: 1,
    });
    expect(snapshot.rateUp).toBeGreaterThan(0);
    expect(snapshot.sessions).toEqual([
      expect.objectContaining({
        instanceId: 'i-0123456789abcdef0',
        state: 'open',
        flows: 1,
        bytesUp: 3_000,
        retransmitted: 0,
        rttMs: expect.any(Number) as number,
      }),
    ]);
  });
});

describe('the end of a pool', () => {
  it('terminates every session, with a fresh lease when the last has lapsed', async () => {
    const tunnel = await opened();
    await programs(tunnel, 3);
    await pass(effects, 1_000);
    await pass(effects, 200_000, 2_000);
    const sessions = tunnel.snapshot().sessions.map(({ ssmSessionId }) => ssmSessionId);
    expect(sessions).toHaveLength(3);
    const leases = world.controlPlane.calls.filter((call) => call.startsWith('lease')).length;
    await tunnel.close();
    expect(world.gateway.terminated.toSorted()).toEqual(sessions.toSorted());
    expect(world.controlPlane.calls.filter((call) => call.startsWith('lease'))).toHaveLength(leases + 1);
  });

  it('terminates a session whose start was still unanswered', async () => {
    const tunnel = await opened();
    await programs(tunnel, 1);
    const answer = Promise.withResolvers<void>();
    world.gateway.startsAfter = answer.promise;
    await programs(tunnel, 1);
    await pass(effects, 100);
    expect(starts()).toBe(2);
    const closing = tunnel.close();
    await pass(effects, 100);
    answer.resolve();
    await closing;
    expect(world.gateway.terminated).toHaveLength(2);
    expect(world.gateway.sessionIds).toEqual([]);
  });

  it('terminates the first session when opening is given up while its start is unanswered', async () => {
    effects = simulatedEffects({ startMs: systemClock.now() });
    world = await TunnelWorld.create({ effects });
    const answer = Promise.withResolvers<void>();
    world.gateway.startsAfter = answer.promise;
    const giveUp = new AbortController();
    const opening = world.start(giveUp.signal);
    opening.catch(() => undefined);
    await vi.waitFor(() => expect(starts()).toBe(1), { timeout: 30_000 });
    giveUp.abort(new Error('Ctrl-C'));
    await pass(effects, 100);
    answer.resolve();
    await expect(opening).rejects.toThrow('Ctrl-C');
    expect(world.gateway.terminated).toHaveLength(1);
    expect(world.gateway.sessionIds).toEqual([]);
  });

  it('takes no longer than three seconds when neither AWS nor the control plane answers', async () => {
    const tunnel = await opened();
    const never = new Promise<never>(() => undefined);
    world.gateway.terminatesAfter = never;
    world.controlPlane.closesAfter = never;
    let done = false;
    const closing = tunnel.close().then(() => (done = true));
    await pass(effects, 2_000);
    expect(done).toBe(false);
    await pass(effects, 1_000);
    expect(done).toBe(true);
    await closing;
  });
});
