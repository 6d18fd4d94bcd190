import { SeededRandom, simulatedEffects, settle } from '@sallyport/effects/simulated';
import { systemClock } from '@sallyport/effects/system';
import { memoryInUse, slopeKiBPerHour, type Sample } from './memory-trend.ts';
import { pass, TunnelWorld, type Program } from './tunnel-world.ts';

export interface SoakReport {
  /** Conversations opened and closed beside the one that lasts. */
  readonly conversations: number;
  readonly closes: number;
  readonly leases: number;
  /** Growth of memory, KiB per virtual hour. */
  readonly slope: number;
  /** What was not as it must be; empty when all was well. */
  readonly found: readonly string[];
}

const hourMs = 3_600_000;
/** A message is echoed within this much virtual time. */
const answerWithinMs = 60_000;

/**
 * Hours of a tunnel's life in virtual time: heartbeats, pings, the hourly close (now and then with a refused resume), a conversation that lasts and
 * others that come and go. Memory is taken each hour.
 */
export async function virtualSoak(
  hours: number,
  seed: number,
  progress: (text: string) => void = () => undefined,
): Promise<SoakReport> {
  const effects = simulatedEffects({ startMs: systemClock.now(), seed });
  const random = new SeededRandom(seed);
  const found: string[] = [];
  const samples: Sample[] = [];
  const counted = { conversations: 0, closes: 0, leases: 0 };
  await using world = await TunnelWorld.create({ effects, lifeSeconds: (hours + 2) * 3_600 });
  const tunnel = await world.start();
  const answers = async (one: Program, text: string): Promise<boolean> => {
    const before = one.received.length;
    one.say(text);
    for (let waited = 0; waited < answerWithinMs && one.received.length < before + text.length; waited += 100)
      await pass(effects, 100, 100);
    const came = one.received.slice(before) === text;
    one.received = '';
    return came;
  };
  let lasting = world.program(tunnel.port);
  for (let hour = 1; hour <= hours; hour++) {
    for (let part = 0; part < 4; part++) {
      await pass(effects, hourMs / 4, 60_000);
      if (!(await answers(lasting, `hour ${hour} part ${part}`)))
        found.push(`hour ${hour}: the lasting conversation is silent (seed ${seed})`);
      const short = world.program(tunnel.port);
      if (!(await answers(short, 'x'.repeat(1 + Math.floor(random.fraction() * 20_000)))))
        found.push(`hour ${hour}: a new conversation is silent (seed ${seed})`);
      short.socket.destroy();
      counted.conversations += 1;
    }
    const refused = hour % 6 === 0;
    if (refused) world.gateway.failures.resume = 'gone';
    for (const id of world.gateway.sessionIds) world.gateway.drop(id, 1000);
    counted.closes += 1;
    await pass(effects, 40_000, 500);
    delete world.gateway.failures.resume;
    if (refused) {
      lasting.socket.destroy();
      lasting = world.program(tunnel.port);
    }
    counted.leases += world.controlPlane.calls.filter((call) => call.startsWith('lease')).length;
    // The doubles remember everything, which is not the tunnel's memory.
    for (const kept of [world.lines, world.told, world.gateway.calls, world.controlPlane.calls])
      kept.length = 0;
    world.gateway.terminated.length = 0;
    await settle();
    samples.push({ hours: hour, bytes: memoryInUse() });
    progress(`${hour} of ${hours} virtual hours`);
  }
  if (tunnel.state !== 'open') found.push(`the tunnel is ${tunnel.state} at the end (seed ${seed})`);
  lasting.socket.destroy();
  return { ...counted, slope: slopeKiBPerHour(samples), found };
}
