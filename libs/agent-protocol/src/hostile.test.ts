import { Problem } from '@sallyport/problems';
import { describe, expect, it } from 'vitest';
import { endCodes } from './codes.ts';
import { dataHeader, frame, uint48 } from './frame/encode.ts';
import { frameTypes } from './frame/frame-type.ts';
import { halfOpenMax, openGapMax, streamsMax, windowBytesFirst } from './limits.ts';
import { Pair, Pipe } from './testing/index.ts';

const open = (id: number) => frame(frameTypes.open, id, Uint8Array.of(1, 0, 80, 0x31));

/** What a client that was admitted says to the agent, and how the agent ends the link. */
async function saidByClient(...frames: Uint8Array[]): Promise<string | undefined> {
  const pair = new Pair();
  await pair.connect();
  pair.pipes[0]?.leftSink.send(frames);
  await pair.run(20);
  return pair.ended[0];
}

describe('a hostile client', () => {
  it.each<[string, Uint8Array[]]>([
    [
      'sends beyond its credit',
      [open(1), dataHeader(frameTypes.data, 1, windowBytesFirst, 1), Uint8Array.of(0)],
    ],
    [
      'ends a stream at two places',
      [
        open(1),
        frame(19, 1, Uint8Array.of(0, 0, 0, 0, 0, 0, 9)),
        frame(21, 1, uint48(1)),
        frame(21, 1, uint48(2)),
      ],
    ],
    ['confirms what was never sent', [frame(frameTypes.receipt, 0, new Uint8Array(10).fill(9))]],
    [
      'packs data although that was not agreed on',
      [open(1), frame(frameTypes.packed, 1, new Uint8Array(40))],
    ],
    ['sends a frame of no known type', [frame(99 as never, 0)]],
    [
      'leaves out more ids than may be under way',
      Array.from({ length: openGapMax + 2 }, (_, at) => open(2 * at + 2)),
    ],
    ['claims a frame of sixteen megabytes', [Uint8Array.of(16, 255, 255, 255, 0, 0, 0, 1)]],
  ])('that %s is told so, and its link ends', async (_what, frames) => {
    expect(await saidByClient(...frames)).toBe('AGENT_PROTOCOL_VIOLATED');
  });

  it('cannot open more conversations than the limit', async () => {
    const pair = new Pair({
      host: { openTcp: () => ({ data: () => {}, end: () => {}, reset: () => {}, writable: () => {} }) },
    });
    await pair.connect();
    pair.pipes[0]?.leftSink.send(Array.from({ length: streamsMax + 100 }, (_, at) => open(at + 1)));
    await pair.run(20);
    expect(pair.agent.associations[0]?.streams).toBe(streamsMax);
  });

  it('that shows life but confirms nothing of what is sent loses its carrier within a minute or so', async () => {
    const pair = new Pair();
    await pair.connect();
    const stream = pair.open();
    stream.stream?.write(new Uint8Array(1000));
    const [pipe] = pair.pipes;
    await pair.run(3);
    pipe!.tamper = (bytes, to) => (to === 'right' && bytes[0] !== frameTypes.ping ? undefined : bytes);
    const carriers = () => pair.agent.associations[0]?.carriers;
    for (let seconds = 0; seconds < 55; seconds += 5) {
      pipe!.leftSink.send([frame(frameTypes.ping, 0)]);
      await pair.run(5_000);
      expect(carriers(), `${seconds} s`).toBe(1);
    }
    for (let seconds = 0; seconds < 10; seconds += 5) {
      pipe!.leftSink.send([frame(frameTypes.ping, 0)]);
      await pair.run(5_000);
    }
    expect(carriers()).toBe(0);
  });

  it('that says nothing is closed after five seconds', async () => {
    const pair = new Pair();
    const pipe = pair.carrier();
    pipe.tamper = (bytes, to) => (to === 'right' ? undefined : bytes);
    await pair.run(6_000);
    expect(pair.agent.halfOpen).toBe(0);
    expect(pipe.isCut).toBe(true);
  });

  it('that opens ten thousand silent connections keeps nobody out', async () => {
    const pair = new Pair();
    for (let made = 0; made < 10_000; made++)
      pair.agent.accept({ send: () => undefined, backlog: 0, close: () => undefined });
    expect(pair.agent.halfOpen).toBe(halfOpenMax);
    await pair.connect();
    const stream = pair.open();
    stream.stream?.write(new Uint8Array(3));
    await pair.run(20);
    expect(stream.bytes).toBe(3);
  });
});

describe('a hostile agent', () => {
  it('that breaks the protocol ends the link, and every conversation is told', async () => {
    const pair = new Pair();
    await pair.connect();
    const stream = pair.open();
    await pair.run(10);
    pair.pipes[0]?.rightSink.send([dataHeader(frameTypes.data, 1, 2 ** 47, 5), new Uint8Array(5)]);
    await pair.run(20);
    expect(stream.broken).toBe('REACH_ENDED');
    expect(pair.client.over).toBe(true);
  });

  it('that floods a conversation nobody reads is stopped by its credit', async () => {
    const pair = new Pair();
    await pair.connect();
    const stream = pair.open();
    stream.reads = false;
    await pair.run(10);
    pair.far[0]?.stream?.write(new Uint8Array(8 << 20));
    await pair.run(5_000);
    expect(stream.bytes).toBe(windowBytesFirst);
  });

  it('that says it is another one is refused', async () => {
    const told: string[] = [];
    const pair = new Pair({ agentVersions: [9], clientEvents: { carrierEnded: (code) => told.push(code) } });
    await pair.connect();
    expect(told).toEqual(['AGENT_VERSION_UNSUPPORTED']);
  });
});

describe('versions', () => {
  /** What the two sides would sign and check when one speaks up to version 3 and the other up to 2; `tamper` stands between them. */
  async function agreed(tamper?: (text: string) => string) {
    const checked: string[] = [];
    const told: string[] = [];
    const pair: Pair = new Pair({
      agentVersions: [3, 2, 1],
      clientVersions: [2, 1],
      clientEvents: { carrierEnded: (code) => told.push(code) },
      host: {
        // As a host that checks the signature: it is for what the agent itself said.
        admit: ({ signed }) => {
          checked.push(Buffer.from(signed).toString());
          if (checked[0] !== pair.signed[0]) return Promise.reject(new Problem('AGENT_TOKEN_REFUSED'));
          return Promise.resolve({ owner: 'anna', expiresAt: pair.time.now() + 3_600_000, grant: 'grt_1' });
        },
      },
    });
    const pipe = new Pipe(pair.effects, { delayMs: 1 });
    if (tamper) pipe.tamper = (bytes) => Buffer.from(tamper(Buffer.from(bytes).toString('latin1')), 'latin1');
    pipe.attachLeft(pair.client.addCarrier(pipe.leftSink));
    pipe.attachRight(pair.agent.accept(pipe.rightSink));
    await pair.run(40);
    const signed = JSON.parse(pair.signed[0] ?? '[]') as unknown[];
    return { carriers: pair.client.carriers.length, told, offered: signed[3], chosen: signed[5], checked };
  }

  it('is the best that both know', async () => {
    const { carriers, offered, chosen } = await agreed();
    expect({ carriers, offered, chosen }).toEqual({ carriers: 1, offered: [3, 2, 1], chosen: 2 });
  });

  it('cannot be taken away on the way: the signature is for another list', async () => {
    const { carriers, told, offered, chosen, checked } = await agreed((text) =>
      text.replace('"versions":[3,2,1]', '"versions":[1    ]'),
    );
    expect({ offered, chosen }).toEqual({ offered: [1], chosen: 1 });
    expect(JSON.parse(checked[0]!)).toContainEqual([3, 2, 1]);
    expect({ carriers, told }).toEqual({ carriers: 0, told: ['AGENT_TOKEN_REFUSED'] });
  });
});

it('ends what is open five seconds after the token, when no other is shown, and not before', async () => {
  const told: string[] = [];
  const pair = new Pair({ tokenMs: 60_000, clientEvents: { down: () => told.push('down') } });
  await pair.connect();
  const stream = pair.open();
  await pair.run(64_000);
  expect(pair.ended).toEqual([]);
  await pair.run(1_500);
  expect(pair.ended).toEqual(['AGENT_TOKEN_EXPIRED']);
  expect(told).toEqual(['down']);
  expect(Object.keys(endCodes)).toContain(pair.ended[0]);
  expect(stream.ended).toBe(false);
});

it('goes on beyond the end of a token when a newer one is shown in time', async () => {
  const pair = new Pair({ tokenMs: 60_000 });
  await pair.connect();
  await pair.run(45_000);
  pair.client.renew('d.e.f');
  await pair.run(50_000);
  expect(pair.ended).toEqual([]);
});
