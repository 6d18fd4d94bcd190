import { afterEach, beforeEach, expect, it } from 'vitest';
import { SlabReader, wipeWhatIsGivenBack } from '@sallyport/effects/memory';
import type { CarrierSink } from '../contract.ts';
import { frameTypes } from '../frame/frame-type.ts';
import { Carrier } from './carrier.ts';
import type { LinkStream } from './link-stream.ts';
import type { Piece } from './outgoing.ts';
import { BareWay } from './pace.ts';

beforeEach(() => wipeWhatIsGivenBack(true));
afterEach(() => wipeWhatIsGivenBack(false));

/** A carrier with one sent piece of lent memory; `intact` tells whether nobody may have used that memory again. */
function sent(unwritten: { bytes: number } | undefined) {
  const sink: CarrierSink = {
    send: () => undefined,
    backlog: 0,
    get unwritten() {
      return unwritten?.bytes;
    },
    close: () => undefined,
  };
  const carrier = new Carrier(sink, () => undefined, new BareWay(), 0);
  const reader = new SlabReader();
  reader.room().fill(1, 0, 1_000);
  const bytes = reader.take(1_000);
  const piece: Piece = {
    type: frameTypes.data,
    stream: undefined as unknown as LinkStream,
    ...{ offset: 0, plainBytes: 1_000, parts: [bytes], bodyBytes: 1_006 },
  };
  carrier.put(new Uint8Array(14), [bytes], 0, { what: 'piece', piece });
  return { carrier, piece, intact: () => bytes.every((byte) => byte === 1) };
}

it('gives the memory of a piece back when it has arrived and was written', () => {
  const { carrier, intact } = sent({ bytes: 0 });
  carrier.flush();
  expect(intact()).toBe(true);
  expect(carrier.confirm(1_014, 0, 1)).toBe(true);
  expect(intact()).toBe(false);
});

it.each([
  ['that confirms what the kernel has not taken yet', { bytes: 1 }],
  ['on a carrier that does not tell what it still reads', undefined],
])('keeps it for a peer %s', (_, unwritten) => {
  const { carrier, intact } = sent(unwritten);
  carrier.flush();
  expect(carrier.confirm(1_014, 0, 1)).toBe(true);
  expect(intact()).toBe(true);
});

it('keeps it for a peer that confirms what was not even handed to the carrier', () => {
  const { carrier, intact } = sent({ bytes: 0 });
  expect(carrier.confirm(1_014, 0, 1)).toBe(true);
  expect(intact()).toBe(true);
});

it('keeps it once another carrier was given the piece as well', () => {
  const [first, second] = [sent({ bytes: 0 }), sent({ bytes: 0 })];
  first.carrier.flush();
  const [again] = first.carrier.handOver();
  second.carrier.put(new Uint8Array(14), first.piece.parts, 0, again);
  second.carrier.flush();
  expect(second.carrier.confirm(2_028, 0, 1)).toBe(true);
  expect(first.intact()).toBe(true);
  expect(second.intact()).toBe(false);
});
