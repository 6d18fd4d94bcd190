import { expect, it } from 'vitest';
import { frame } from '../frame/encode.ts';
import { frameTypes } from '../frame/frame-type.ts';
import { Pair, Pipe, Recorded } from '../testing/index.ts';

it('tells a peer that reads nothing no more than what is bounded, and the rest once it reads', async () => {
  const pair = new Pair({ host: { openTcp: () => new Recorded() } });
  const pipe = new Pipe(pair.effects, { delayMs: 1 });
  const { send, close } = pipe.rightSink;
  const way = { backlog: 0 };
  const sink = {
    send,
    close,
    get backlog() {
      return way.backlog;
    },
  };
  pipe.attachLeft(pair.client.addCarrier(pipe.leftSink));
  const agentEnd = pair.agent.accept(sink);
  pipe.attachRight(agentEnd);
  await pair.run(40);
  way.backlog = 1 << 20;
  const before = pipe.bytes.toLeft;
  pair.open().stream?.write(new Uint8Array(100_000));
  for (let said = 0; said < 100; said += 1) {
    pipe.leftSink.send([frame(frameTypes.ping, 0)]);
    await pair.run(10);
  }
  expect(pipe.bytes.toLeft).toBe(before);
  way.backlog = 0;
  agentEnd?.drained();
  await pair.run(40);
  expect(pipe.bytes.toLeft).toBeGreaterThan(before);
});
