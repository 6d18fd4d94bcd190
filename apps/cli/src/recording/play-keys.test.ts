import { PassThrough } from 'node:stream';
import { settle, simulatedEffects } from '@sallyport/effects/simulated';
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../world.ts';
import { PlayKeys } from './play-keys.ts';

/** A replay that waits for ten seconds of the recording to pass. */
function replay(speed = 1) {
  const effects = simulatedEffects();
  const from = new PassThrough();
  const keys = new PlayKeys(effects, speed);
  keys.listen(from);
  let over = false;
  const waiting = keys.wait(10_000).then(() => (over = true));
  return {
    waiting,
    over: () => over,
    async press(key: string) {
      from.write(key);
      await settle();
    },
    async pass(ms: number) {
      effects.time.advance(ms);
      await settle();
    },
  };
}

describe('the keys of a replay', () => {
  it('pause it and let it go on where it was', async () => {
    const { press, pass, over } = replay();
    await pass(6_000);
    await press(' ');
    await pass(100_000);
    expect(over()).toBe(false);
    await press(' ');
    await pass(3_999);
    expect(over()).toBe(false);
    await pass(1);
    expect(over()).toBe(true);
  });

  it('change its speed for what is left', async () => {
    const { press, pass, over } = replay();
    await pass(2_000);
    await press('+');
    await pass(3_999);
    expect(over()).toBe(false);
    await pass(1);
    expect(over()).toBe(true);
  });

  it('end it, but what a terminal answers to the recording does not', async () => {
    const { press, pass, waiting, over } = replay();
    await press('\u001b]lq\u001b\\');
    await pass(1_000);
    expect(over()).toBe(false);
    const left = expect(waiting).rejects.toBeInstanceOf(Interrupted);
    await press('q');
    await left;
  });
});
