import { Problem } from '@sallyport/problems';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { frameBodyBytesMax, handshakeBodyBytesMax } from '../limits.ts';
import { dataHeader, frame } from './encode.ts';
import { frameTypes } from './frame-type.ts';
import { FrameReader } from './reader.ts';

type Seen = { type: number; id: number; body: number[] } | { id: number; offset: number; bytes: number[] };

/** What a reader tells of bytes that come in the pieces that they are cut into. */
function read(pieces: readonly Uint8Array[], admitted = true): Seen[] {
  const seen: Seen[] = [];
  const reader = new FrameReader({
    frame: (type, id, body) => seen.push({ type, id, body: [...body] }),
    data: (id, offset, bytes) => {
      const last = seen.at(-1);
      if (last && 'offset' in last && last.id === id && last.offset + last.bytes.length === offset)
        last.bytes.push(...bytes);
      else seen.push({ id, offset, bytes: [...bytes] });
    },
  });
  if (admitted) reader.admit();
  for (const piece of pieces) reader.push(piece);
  return seen;
}

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
}

it('tells the same frames however the carrier cuts them', () => {
  const one = frame(frameTypes.credit, 7, Uint8Array.of(0, 0, 0, 1, 0, 0));
  const data = Uint8Array.of(...dataHeader(frameTypes.data, 9, 2 ** 40 + 5, 5), 1, 2, 3, 4, 5);
  const empty = frame(frameTypes.opened, 8);
  const whole = Uint8Array.of(...one, ...data, ...empty, ...one);
  const expected = read([whole]);
  expect(expected).toHaveLength(4);
  expect(expected[1]).toEqual({ id: 9, offset: 2 ** 40 + 5, bytes: [1, 2, 3, 4, 5] });
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 20 }), (at) => {
      expect(read(cut(whole, at))).toEqual(expected);
    }),
  );
});

it.each([
  ['longer than any frame', true, frameBodyBytesMax + 1],
  ['longer than a handshake before the peer is known', false, handshakeBodyBytesMax + 1],
])('refuses a length %s, before its body comes', (_what, admitted, length) => {
  const head = Uint8Array.of(frameTypes.hello, length >>> 16, length >>> 8, length, 0, 0, 0, 0);
  expect(() => read([head], admitted)).toThrow(expect.objectContaining({ code: 'AGENT_PROTOCOL_VIOLATED' }));
});

it('hands out no body that keeps much more memory than it is', () => {
  const kept: number[] = [];
  const reader = new FrameReader({
    frame: (_type, _id, body) => kept.push(body.buffer.byteLength),
    data: () => undefined,
  });
  reader.admit();
  const whole = new Uint8Array(64 * 1024);
  whole.set(frame(frameTypes.datagram, 1, new Uint8Array(100)));
  reader.push(whole.subarray(0, 108));
  expect(kept).toEqual([100]);
});

it('refuses data before the peer is known', () => {
  expect(() => read([dataHeader(frameTypes.data, 1, 0, 5)], false)).toThrow(
    expect.objectContaining({ code: 'AGENT_PROTOCOL_VIOLATED' }),
  );
});

it('throws nothing but the catalogued problem, whatever comes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, admitted) => {
      try {
        read([bytes], admitted);
      } catch (error) {
        expect(error).toBeInstanceOf(Problem);
        expect((error as Problem).code).toBe('AGENT_PROTOCOL_VIOLATED');
      }
    }),
    { numRuns: 2_000 },
  );
});
