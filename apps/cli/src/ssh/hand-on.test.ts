import { PassThrough, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { SimulatedTime } from '@sallyport/effects/simulated';
import { describe, expect, it } from 'vitest';
import { handOn } from './hand-on.ts';

const piece = 64 * 1024;

/** A program that says `pieces` pieces and then, if it is killed, no more; and somebody who takes nothing until told. */
function stalled() {
  const from = new PassThrough({ highWaterMark: 1 << 30 });
  from.pause();
  const taken: Buffer[] = [];
  let release: (() => void) | undefined;
  let open = false;
  const to = new Writable({
    highWaterMark: piece,
    write: (bytes: Buffer, _encoding, done) => {
      taken.push(bytes);
      if (open) done();
      else release = done;
    },
  });
  const opens = () => {
    open = true;
    release?.();
  };
  return { from, to, taken: () => Buffer.concat(taken), opens };
}

describe('what ssh says, on its way to somebody who takes none of it', () => {
  it('is read to its end when ssh was killed, within the seconds that a full pipe takes', async () => {
    const time = new SimulatedTime();
    const { from, to } = stalled();
    let over = false;
    from.once('end', () => (over = true));
    handOn(from, to, time);
    for (let said = 0; said < 4; said++) from.write(Buffer.alloc(piece, said));
    from.end();
    await turn();
    expect(over).toBe(false);
    for (let second = 0; second < 5; second++) {
      time.advance(1_000);
      await turn();
    }
    expect(over).toBe(true);
  });

  it('is handed on whole and in order once it is taken again, with its end', async () => {
    const time = new SimulatedTime();
    const { from, to, taken, opens } = stalled();
    handOn(from, to, time);
    const said = Buffer.from(Array.from({ length: 6 * piece }, (_, at) => (at * 7) % 251));
    for (let at = 0; at < said.length; at += piece) from.write(said.subarray(at, at + piece));
    for (let second = 0; second < 2; second++) {
      time.advance(1_000);
      await turn();
    }
    expect(to.writableLength).toBe(3 * piece);
    from.end();
    opens();
    await new Promise((resolve) => to.once('finish', resolve));
    expect(taken().equals(said)).toBe(true);
    expect(time.pending).toBe(0);
  });

  it('is not held past 16 MiB while ssh lives', async () => {
    const time = new SimulatedTime();
    const { from, to } = stalled();
    const stop = handOn(from, to, time);
    for (let said = 0; said < 300; said++) from.write(Buffer.alloc(piece));
    for (let second = 0; second < 300; second++) {
      time.advance(1_000);
      await turn();
    }
    expect(to.writableLength).toBe(256 * piece);
    stop();
    expect(time.pending).toBe(0);
  });
});
