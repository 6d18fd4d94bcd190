import { expect, it } from 'vitest';
import { SlabReader } from '@sallyport/effects/memory';
import { Reassembly, WidePlaces } from './reassembly.ts';

const pieceBytes = 16 * 1024;

/** Pieces of a stream as several reads bring them, each in memory of its own that is 16 times as long. */
function pieces(count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const reader = new SlabReader();
    reader.room().fill(index, 0, pieceBytes);
    return reader.take(pieceBytes);
  });
}

/** Takes all but the first, the last first; what is handed out when the first comes at last. */
function backwards(stream: Reassembly, all: readonly Uint8Array[]): Uint8Array[] {
  const given: Uint8Array[] = [];
  for (let index = all.length - 1; index >= 0; index -= 1)
    stream.take(index * pieceBytes, all[index]!, (piece) => given.push(piece));
  return given;
}

it('hands pieces that came too early on as they came, uncopied', () => {
  const all = pieces(20);
  const given = backwards(new Reassembly(), all);
  expect(given.map(([byte]) => byte)).toEqual(all.map((_, index) => index));
  expect(given.every(({ buffer }, index) => buffer === all[index]!.buffer)).toBe(true);
});

it('copies those for which there is no place, so that what waits keeps a bounded memory, and frees the places', () => {
  const places = new WidePlaces();
  const stream = new Reassembly(places);
  const all = pieces(100);
  const given = backwards(stream, all);
  expect(given.map(([byte]) => byte)).toEqual(all.map((_, index) => index));
  expect(given.filter(({ buffer }, index) => buffer !== all[index]!.buffer)).toHaveLength(35);
  expect(places.left).toBe(64);
});

it('frees the places of a stream that is broken', () => {
  const places = new WidePlaces();
  const stream = new Reassembly(places);
  for (const [index, piece] of pieces(5).entries())
    stream.take((index + 1) * pieceBytes, piece, () => undefined);
  expect(places.left).toBe(59);
  stream.clear();
  expect([places.left, stream.waiting]).toEqual([64, 0]);
});
