import { expect, it } from 'vitest';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { systemWake } from './index.ts';

const address = (text: string, internal = false) => ({
  ...{ address: text, netmask: '255.255.255.0', family: 'IPv4' as const, mac: '00:00:00:00:00:00' },
  ...{ internal, cidr: `${text}/24` },
});

/** A machine that can sleep (its clocks go on without its timers) and change networks. */
function machine() {
  const { time } = simulatedEffects();
  const slept = { wall: 0, monotonic: 0 };
  const clock = {
    now: () => time.now() + slept.wall,
    monotonic: () => time.monotonic() + slept.monotonic,
  };
  const seen: (number | 'network')[] = [];
  let interfaces: NodeJS.Dict<ReturnType<typeof address>[]> = {
    lo: [address('127.0.0.1', true)],
    eth0: [address('192.0.2.7')],
  };
  const told = () => {
    if (interfaces['broken']) throw new Error('not allowed');
    return interfaces;
  };
  let ways = 'eth0 192.0.2.1 100';
  const watch = systemWake({ clock, timers: time }, told, () => ways);
  const stop = watch((event) => seen.push(event.what === 'woke' ? event.byMs : 'network'));
  return {
    ...{ time, slept, seen, stop },
    set: (next: typeof interfaces) => (interfaces = next),
    setWays: (next: string) => (ways = next),
  };
}

it('tells within one look that the machine slept, by the clock that went on', () => {
  for (const clocks of [['wall'], ['wall', 'monotonic']] as const) {
    const { time, slept, seen } = machine();
    time.advance(10_000);
    expect(seen).toEqual([]);
    for (const clock of clocks) slept[clock] += 1_800_000;
    time.advance(2_000);
    expect(seen).toEqual([1_800_000]);
    time.advance(60_000);
    expect(seen).toHaveLength(1);
  }
});

it('does not take a busy second, or a clock set back, for sleep', () => {
  const { time, slept, seen } = machine();
  slept.wall += 2_500;
  time.advance(2_000);
  slept.wall -= 3_600_000;
  time.advance(2_000);
  expect(seen).toEqual([]);
});

it('tells within one look that the network changed, and not of this machine’s inner addresses', () => {
  const { time, seen, set } = machine();
  set({ lo: [address('127.0.0.2', true)], eth0: [address('192.0.2.7')] });
  time.advance(4_000);
  expect(seen).toEqual([]);
  set({ lo: [address('127.0.0.1', true)] });
  time.advance(2_000);
  expect(seen).toEqual(['network']);
  set({ wlan0: [address('198.51.100.9')] });
  time.advance(2_000);
  expect(seen).toEqual(['network', 'network']);
});

it('tells of another way out while all addresses stay', () => {
  const { time, seen, setWays } = machine();
  setWays('eth0 192.0.2.254 100');
  time.advance(2_000);
  expect(seen).toEqual(['network']);
  time.advance(10_000);
  expect(seen).toHaveLength(1);
});

it('does not take the devices of tunnels, its own or another’s, for another network', () => {
  const { time, seen, set } = machine();
  const stays = { eth0: [address('192.0.2.7')] };
  set({ ...stays, sally0: [address('198.18.4.1')], sally31: [address('100.64.8.1')] });
  time.advance(2_000);
  set({ ...stays, utun7: [address('fe80::1'), address('198.19.200.5')] });
  time.advance(2_000);
  set(stays);
  time.advance(2_000);
  expect(seen).toEqual([]);
  // A VPN of another make is one.
  set({ ...stays, utun3: [address('100.72.5.6')] });
  time.advance(2_000);
  expect(seen).toEqual(['network']);
});

it('notices sleep where the system does not tell of its network, and nothing after it was stopped', () => {
  const { time, slept, seen, set, stop } = machine();
  set({ broken: [] });
  time.advance(2_000);
  slept.wall += 60_000;
  time.advance(2_000);
  expect(seen).toEqual([60_000]);
  stop();
  slept.wall += 60_000;
  time.advance(10_000);
  expect(seen).toHaveLength(1);
  expect(time.pending).toBe(0);
});
