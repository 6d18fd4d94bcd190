import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { HeldBack } from './held-back.ts';

function slowStream() {
  const waiting: (() => void)[] = [];
  const stream = new Writable({ highWaterMark: 4, write: (_bytes, _encoding, done) => waiting.push(done) });
  const takeAll = async () => {
    while (waiting.length > 0) {
      waiting.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { stream, takeAll };
}

describe('what a program shows faster than a stream takes it', () => {
  it('is held back once, however much had come before it stopped, and goes on when all is taken', async () => {
    const said: string[] = [];
    const held = new HeldBack(
      () => said.push('pause'),
      () => said.push('resume'),
    );
    const { stream, takeAll } = slowStream();
    for (let time = 0; time < 50; time += 1) held.write(stream, Buffer.from('12345'));
    // More than ten listeners are a warning on standard error, in the middle of what the program shows.
    expect(stream.listenerCount('drain')).toBe(1);
    const disk = {};
    held.hold(disk);
    await takeAll();
    expect(said).toEqual(['pause', 'pause']);
    held.release(disk);
    expect(said).toEqual(['pause', 'pause', 'resume']);
    held.write(stream, Buffer.from('12345'));
    expect(stream.listenerCount('drain')).toBe(1);
    stream.destroy();
  });
});
