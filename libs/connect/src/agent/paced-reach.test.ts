import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { settle, simulatedEffects } from '@sallyport/effects/simulated';
import type { Reach } from '@sallyport/tunnel';
import { describe, expect, it } from 'vitest';
import { duplexPair } from '../duplex-pair.ts';
import { paced } from './paced-reach.ts';

const to = { address: '10.0.2.60', port: 8080 };
const never = new AbortController().signal;

/** A reach of 800 kbit/s each way, which are 100 bytes a millisecond, and the far ends of what is opened over it. */
function world() {
  const effects = simulatedEffects();
  const fars: Duplex[] = [];
  const sent: Uint8Array[] = [];
  let received: (datagram: Uint8Array) => void = () => undefined;
  const reach: Reach = {
    carries: new Set(['tcp', 'udp']),
    openTcp: async () => {
      const [near, far] = duplexPair();
      fars.push(far);
      return near;
    },
    openUdp: (_to, told) => {
      received = told;
      return { send: (datagram) => sent.push(datagram), close: () => undefined };
    },
  };
  return {
    effects,
    fars,
    sent,
    reach: paced(reach, 800_000, effects),
    receive: (some: Uint8Array) => received(some),
  };
}

/** Passes virtual time; how many bytes came out at the end of a stream in it. */
async function carried(stream: Duplex, time: { advanceAsync(ms: number): Promise<void> }, ms: number) {
  let bytes = 0;
  const count = (some: Buffer) => (bytes += some.length);
  stream.on('data', count);
  for (let passed = 0; passed < ms; passed += 10) {
    await time.advanceAsync(10);
    await settle();
  }
  stream.off('data', count);
  return bytes;
}

describe('a way that is held to a speed', () => {
  it('carries up what the speed allows, all conversations together', async () => {
    const { effects, fars, reach } = world();
    const streams = [await reach.openTcp(to, never), await reach.openTcp(to, never)];
    for (const stream of streams) for (let left = 100; left > 0; left--) stream.write(Buffer.alloc(10_000));
    const counted = fars.map((far) => carried(far, { advanceAsync: settle }, 10));
    await Promise.all(counted);
    const both = Promise.all(fars.map((far) => carried(far, { advanceAsync: settle }, 8_000)));
    await effects.time.advanceAsync(4_000);
    const bytes = (await both).reduce((sum, some) => sum + some, 0);
    // 4 s at 100 kB/s, a quarter of a second of which was free, and a chunk of each that went in debt.
    expect(bytes).toBeGreaterThan(350_000);
    expect(bytes).toBeLessThan(450_000);
  });

  it('carries down what the speed allows, and pauses who says more', async () => {
    const { effects, fars, reach } = world();
    const stream = await reach.openTcp(to, never);
    const far = fars[0]!;
    let said = 0;
    const say = () => far.write(Buffer.alloc(10_000), () => said++ < 100 && say());
    say();
    const bytes = await carried(stream, effects.time, 4_000);
    expect(bytes).toBeGreaterThan(380_000);
    expect(bytes).toBeLessThan(460_000);
    expect(said).toBeLessThan(65);
  });

  it('loses nothing of a conversation, neither its last word nor its end', async () => {
    const { effects, fars, reach } = world();
    const stream = await reach.openTcp(to, never);
    const far = fars[0]!;
    stream.end(Buffer.alloc(60_000, 1));
    let heard = 0;
    far.on('data', (some: Buffer) => (heard += some.length));
    const ended = once(far, 'end');
    await effects.time.advanceAsync(2_000);
    await ended;
    expect(heard).toBe(60_000);
    far.end(Buffer.alloc(60_000, 2));
    const over = once(stream, 'end');
    expect(await carried(stream, effects.time, 2_000)).toBe(60_000);
    await over;
  });

  it('drops datagrams beyond the speed, as a line does', () => {
    const { effects, sent, reach, receive } = world();
    const got: Uint8Array[] = [];
    const flow = reach.openUdp!(
      to,
      (datagram) => got.push(datagram),
      () => undefined,
    );
    for (let n = 0; n < 100; n++) {
      flow.send(new Uint8Array(1_000));
      receive(new Uint8Array(1_000));
    }
    expect(sent).toHaveLength(26);
    expect(got).toHaveLength(26);
    effects.time.advance(100);
    flow.send(new Uint8Array(1_000));
    expect(sent).toHaveLength(27);
  });

  it('breaks with the conversation it carries, and breaks that when it is left', async () => {
    const { fars, reach } = world();
    const [first, second] = [await reach.openTcp(to, never), await reach.openTcp(to, never)];
    const failed = once(first, 'error');
    fars[0]!.destroy();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
    const left = once(fars[1]!, 'error');
    second.destroy();
    expect((await left)[0]).toMatchObject({ code: 'ECONNRESET' });
  });
});
