import { expect, it } from 'vitest';
import { gather } from './gather.ts';

const part = (length: number, byte: number) => new Uint8Array(length).fill(byte);

it('joins small neighbours, leaves great parts as they are, and keeps every byte in order', () => {
  const great = part(4_000, 3);
  const parts = [part(8, 1), part(10, 2), great, part(14, 4), part(4_000, 5), part(1, 6), part(2, 7)];
  const gathered = gather(parts);
  expect(gathered.map(({ length }) => length)).toEqual([18, 4_000, 14, 4_000, 3]);
  expect(gathered[1]).toBe(great);
  expect(Buffer.concat(gathered).equals(Buffer.concat(parts))).toBe(true);
  expect(gather([great])).toEqual([great]);
  expect(gather([])).toEqual([]);
});
