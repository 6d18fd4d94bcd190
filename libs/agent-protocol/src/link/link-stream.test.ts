import { expect, it } from 'vitest';
import { LinkStream, type StreamHost } from './link-stream.ts';
import { Packing } from './packing.ts';
import { WidePlaces } from './reassembly.ts';

const host: StreamHost = {
  ...{ now: () => 0, rttMs: () => 1, places: new WidePlaces(), grow: () => false },
  ...{ wants: () => undefined, wantsLater: () => undefined, creditDue: () => undefined },
  ...{ gone: () => undefined, accepted: () => undefined },
};

/** Lengths of the parts of each frame that a stream sends of such pieces, of 1,000 bytes at most. */
function framesOf(pieces: readonly number[]): number[][] {
  const stream = new LinkStream(1, host, new Packing(undefined), true);
  for (const length of pieces) stream.write(new Uint8Array(length));
  const frames: number[][] = [];
  for (let piece = stream.next(1_000, false); piece; piece = stream.next(1_000, false))
    frames.push(piece.parts.map(({ length }) => length));
  return frames;
}

it('ends a frame with a piece where it is at least half full, and cuts pieces that would leave it emptier', () => {
  expect(framesOf([990, 990, 990])).toEqual([[990], [990], [990]]);
  expect(framesOf([500, 501])).toEqual([[500], [501]]);
  expect(framesOf([499, 600])).toEqual([[499, 501], [99]]);
  expect(framesOf([2_500])).toEqual([[1_000], [1_000], [500]]);
  expect(framesOf([300, 300, 300, 300])).toEqual([[300, 300, 300], [300]]);
});
