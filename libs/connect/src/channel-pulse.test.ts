import { beforeEach, describe, expect, it } from 'vitest';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { ChannelPulse } from './channel-pulse.ts';
import type { LossReason } from './tunnel-options.ts';

/** A connection whose two far ends can fall silent, each for itself. */
function connection() {
  const effects = simulatedEffects();
  const { time } = effects;
  const far = { gateway: true, agent: true, waiting: 0, pings: 0 };
  const died: [LossReason, number][] = [];
  const pulse: ChannelPulse = new ChannelPulse(effects, {
    ping: () => {
      far.pings += 1;
      if (far.gateway) time.after(30, () => pulse.heardGateway());
    },
    unacknowledged: () => far.waiting,
    dead: (reason) => died.push([reason, time.monotonic()]),
  });
  pulse.start();
  time.advance(1_000);
  return { time, far, died, pulse };
}
let it1: ReturnType<typeof connection>;
beforeEach(() => (it1 = connection()));

describe('a probe', () => {
  it('comes to its end although the network changes every two seconds', () => {
    const { time, far, died, pulse } = it1;
    far.gateway = false;
    for (let change = 0; change < 5; change++) {
      pulse.probe(5_000, 'network_changed');
      time.advance(2_000);
    }
    expect(died.map(([reason]) => reason)).toEqual(['network_changed']);
  });

  it('takes the place of the one before while that is young, whose answer proves nothing any more', () => {
    const { time, far, died, pulse } = it1;
    pulse.probe(5_000, 'network_changed');
    time.advance(4_000);
    far.gateway = false;
    pulse.probe(5_000, 'network_changed');
    time.advance(4_999);
    expect(died).toEqual([]);
    time.advance(1);
    expect(died).toEqual([['network_changed', expect.any(Number)]]);
  });
});

describe('d4: a peer that is silent while its socket stays open', () => {
  it('is dead within 45 s, and not while it answers pings', () => {
    const { time, far, died } = it1;
    time.advance(3_600_000);
    expect(died).toEqual([]);
    far.gateway = false;
    const since = time.monotonic();
    time.advance(45_000);
    expect(died).toEqual([['peer_dead', expect.any(Number)]]);
    expect(died[0]![1] - since).toBeLessThanOrEqual(45_000);
  });

  it('is dead within 20 s while something waits to be answered', () => {
    for (let late = 0; late < 10_000; late += 700) {
      const { time, far, died } = connection();
      time.advance(60_000 + late);
      far.gateway = false;
      far.waiting = 1;
      const since = time.monotonic();
      time.advance(20_000);
      expect(died).toEqual([['peer_dead', expect.any(Number)]]);
      // Never for one answer that is slow.
      expect(died[0]![1] - since).toBeGreaterThanOrEqual(10_000);
    }
  });

  it('is not dead while its answers are slow, whatever waits', () => {
    const { time, far, died, pulse } = it1;
    far.waiting = 1;
    far.gateway = false;
    for (let answer = 0; answer < 20; answer++) {
      time.advance(9_000);
      pulse.heardAgent(time.monotonic());
    }
    expect(died).toEqual([]);
  });

  it('is the agent when the gateway goes on answering and data waits', () => {
    const { time, far, died } = it1;
    far.waiting = 3;
    const since = time.monotonic();
    time.advance(45_000);
    expect(died).toEqual([['agent_dead', expect.any(Number)]]);
    expect(died[0]![1] - since).toBeLessThanOrEqual(45_000);
  });

  it('is not blamed on the agent when the gateway is silent too, so that the session is resumed', () => {
    const { time, far, died } = it1;
    far.waiting = 3;
    far.gateway = false;
    time.advance(45_000);
    expect(died.map(([reason]) => reason)).toEqual(['peer_dead']);
  });

  it('is no one while an agent acknowledges slowly', () => {
    const { time, far, died, pulse } = it1;
    far.waiting = 3;
    for (let n = 0; n < 100; n++) {
      time.advance(30_000);
      pulse.heardAgent(time.monotonic());
    }
    expect(died).toEqual([]);
  });
});

describe('a probe after sleep or a change of network', () => {
  it('is passed by whoever answers', () => {
    const { time, died, pulse, far } = it1;
    const before = far.pings;
    pulse.probe(5_000, 'woke');
    expect(far.pings).toBe(before + 1);
    time.advance(10_000);
    expect(died).toEqual([]);
  });

  it('is failed within its patience', () => {
    const { time, died, pulse, far } = it1;
    far.gateway = false;
    pulse.probe(5_000, 'network_changed');
    const since = time.monotonic();
    time.advance(5_000);
    expect(died).toEqual([['network_changed', since + 5_000]]);
  });

  it('is not passed by what was on its way before', () => {
    const { time, died, pulse, far } = it1;
    far.gateway = false;
    pulse.probe(5_000, 'network_changed');
    time.advance(200);
    pulse.heardAgent(time.monotonic());
    pulse.heardGateway();
    time.advance(4_800);
    expect(died.map(([reason]) => reason)).toEqual(['network_changed']);
  });
});
