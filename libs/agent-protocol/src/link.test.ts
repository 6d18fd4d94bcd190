import { expect, it } from 'vitest';
import { lastEndsAfterMs } from './limits.ts';
import { Pair, type Recorded } from './testing/index.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

it('carries what is written at once with the opening, and the answer', async () => {
  const pair = new Pair();
  await pair.connect(1, { delayMs: 20 });
  const stream = pair.open();
  stream.stream?.write(bytesOf('hello'));
  await pair.run(41);
  expect(stream.text, 'one round trip').toBe('hello');
  expect(stream.opened_).toBe(true);
  expect(pair.asked).toEqual([{ host: '10.0.2.60', port: 8080 }]);
});

it('ends both directions of a stream one after the other', async () => {
  const pair = new Pair();
  await pair.connect();
  const stream = pair.open();
  stream.stream?.write(bytesOf('last words'));
  stream.stream?.end();
  await pair.run(50);
  expect(stream.ended).toBe(true);
  expect(stream.text).toBe('last words');
  expect(pair.client.streams).toBe(0);
  expect(pair.agent.associations[0]?.streams).toBe(0);
});

/** A pair with conversations that stand. */
async function standing(count: number) {
  const pair = new Pair();
  await pair.connect(1, { delayMs: 0 });
  const streams = Array.from({ length: count }, () => pair.open());
  await pair.run(50);
  return { pair, streams };
}

it('sends the second of two ends after a moment, and not with what somebody waits for', async () => {
  const { pair, streams } = await standing(2);
  const [first, second] = streams as [Recorded, Recorded];
  const link = pair.agent.associations[0];
  first.stream?.end();
  await pair.run(0.5);
  expect([first.ended, link?.streams], 'the agent has nothing to say').toEqual([false, 2]);
  pair.far[1]?.stream?.write(bytesOf('something else'));
  await pair.run(0.2);
  expect([first.ended, second.text], 'nobody waits for an end').toEqual([false, 'something else']);
  await pair.run(lastEndsAfterMs);
  expect([first.ended, link?.streams]).toEqual([true, 1]);
  second.stream?.end();
  await pair.run(10);
  expect(second.ended).toBe(true);
  expect(pair.client.streams).toBe(0);
});

it('sends ends after the answer together after a moment, and one after a question at once', async () => {
  const { pair, streams } = await standing(4);
  const [first, second, third, fourth] = streams as [Recorded, Recorded, Recorded, Recorded];
  for (const stream of [first, second]) {
    stream.stream?.write(bytesOf('answered'));
    await pair.run(0.2);
    expect(stream.text).toBe('answered');
    stream.stream?.end();
    await pair.run(0.5);
  }
  third.stream?.write(bytesOf('asked'));
  third.stream?.end();
  fourth.stream?.write(bytesOf('asked'));
  await pair.run(0.2);
  const ended = () => pair.far.map((far) => far.ended);
  expect(ended(), 'nobody knows that it is all').toEqual([false, false, true, false]);
  await pair.run(lastEndsAfterMs);
  expect(ended()).toEqual([true, true, true, false]);
});

it('tells of a reset, and of the end of the link, what had ended and was not yet told', async () => {
  const { pair, streams } = await standing(2);
  const [first, second] = streams as [Recorded, Recorded];
  for (const stream of [first, second]) {
    stream.stream?.write(bytesOf('answered'));
    await pair.run(0.2);
    stream.stream?.end();
  }
  first.stream?.reset();
  await pair.run(0.2);
  expect([pair.far[0]?.broken, pair.far[0]?.ended]).toEqual(['FLOW_RESET', false]);
  pair.client.close();
  await pair.run(2 * lastEndsAfterMs);
  expect([pair.far[1]?.broken, pair.far[1]?.ended]).toEqual(['REACH_ENDED', false]);
});

it('tells why a destination was refused', async () => {
  const pair = new Pair({
    host: {
      openTcp: () => {
        throw Object.assign(new Error('no'), { code: 'FLOW_NOT_GRANTED' });
      },
    },
  });
  await pair.connect();
  const stream = pair.open();
  await pair.run(20);
  expect(stream.broken).toBe('FLOW_NOT_GRANTED');
  expect(stream.opened_).toBe(false);
});

it.each([1, 3, 8])('carries eight megabytes there and back over %i carriers', async (carriers) => {
  const pair = new Pair();
  await pair.connect(carriers, { delayMs: 10, bytesPerMs: 1000 });
  const stream = pair.open();
  const whole = Buffer.alloc(8 << 20, 'abcdefghijklmnopqrstuvw');
  let at = 0;
  const write = () => {
    while (at < whole.length) {
      const chunk = whole.subarray(at, at + 65_536);
      at += chunk.length;
      if (!stream.stream?.write(chunk)) return;
    }
    stream.stream?.end();
  };
  stream.then.writable = write;
  write();
  const began = pair.time.monotonic();
  while (!stream.ended && pair.time.monotonic() - began < 60_000) await pair.run(50);
  expect(Buffer.concat(stream.chunks).equals(whole)).toBe(true);
});

it('downloads over eight carriers at the pace of AWS at least six times as fast as over one', async () => {
  const seconds = async (carriers: number, bytes: number) => {
    const pair = new Pair({
      host: {
        openTcp: (_to, _association, stream) => {
          stream.accept();
          let left = bytes;
          const pour = () => {
            while (left > 0) {
              const chunk = new Uint8Array(Math.min(left, 65_536));
              left -= chunk.length;
              if (!stream.write(chunk)) return;
            }
            stream.end();
          };
          // The client asks by ending its own direction.
          return { data: () => undefined, end: pour, reset: () => undefined, writable: pour };
        },
      },
    });
    await pair.connect(carriers, { delayMs: 20, bytesPerMs: 800 });
    const stream = pair.open();
    stream.stream?.end();
    const began = pair.time.monotonic();
    while (!stream.ended) await pair.run(20);
    expect(stream.bytes).toBe(bytes);
    return (pair.time.monotonic() - began) / 1000;
  };
  const megabytes = 1 << 20;
  const one = (2 * megabytes) / (await seconds(1, 2 * megabytes));
  const eight = (16 * megabytes) / (await seconds(8, 16 * megabytes));
  expect(eight / one).toBeGreaterThan(6);
});

it('confirms a fast carrier once a millisecond, not for each piece that arrives', async () => {
  let heard = 0;
  const pair = new Pair({
    host: {
      openTcp: (_to, _association, stream) => {
        stream.accept();
        const data = (bytes: Uint8Array) => {
          heard += bytes.length;
          stream.consumed(bytes.length);
        };
        return { data, end: () => undefined, reset: () => undefined, writable: () => undefined };
      },
    },
  });
  await pair.connect(1, { delayMs: 1, bytesPerMs: 200_000 });
  let answers = 0;
  pair.pipes[0]!.tamper = (bytes, to) => {
    if (to === 'left') answers += 1;
    return bytes;
  };
  const stream = pair.open();
  const bytes = 16 << 20;
  let left = bytes;
  const write = () => {
    while (left > 0) {
      const chunk = new Uint8Array(Math.min(left, 65_536));
      left -= chunk.length;
      if (!stream.stream?.write(chunk)) return;
    }
  };
  stream.then.writable = write;
  write();
  while (heard < bytes) await pair.run(1);
  expect(answers).toBeLessThan(bytes / 65_536);
});
