import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { giveBack, hear, isLent, SlabReader, slabBytes, wipeWhatIsGivenBack } from './index.ts';

beforeEach(() => wipeWhatIsGivenBack(true));
afterEach(() => wipeWhatIsGivenBack(false));

function read(reader: SlabReader, length: number, byte: number): Uint8Array {
  reader.room().fill(byte, 0, length);
  return reader.take(length);
}

it('uses memory again when all of it came back, and not before', () => {
  const reader = new SlabReader();
  const [first, second] = [read(reader, 100, 1), read(reader, 200, 2)];
  giveBack(first);
  expect(second).toEqual(new Uint8Array(200).fill(2));
  giveBack(second.subarray(0, 150));
  expect(reader.room().byteOffset).toBe(300);
  giveBack(second.subarray(150));
  expect(second[0], 'wiped').toBe(0xdd);
  expect(reader.room().byteOffset).toBe(0);
});

it('goes on in other memory while the first is still read, and comes back to it', () => {
  const reader = new SlabReader();
  const kept: Uint8Array[] = [];
  while (kept.length < 8) kept.push(read(reader, 64 * 1024, kept.length));
  const buffers = new Set(kept.map(({ buffer }) => buffer));
  expect(buffers.size).toBe(2);
  kept.forEach((bytes, byte) => expect(bytes.every((one) => one === byte)).toBe(true));
  for (const bytes of kept) giveBack(bytes);
  expect(buffers.has(new SlabReader().room().buffer)).toBe(true);
});

it('never uses memory again of which more came back than was lent', () => {
  const reader = new SlabReader();
  const bytes = read(reader, 10, 1);
  giveBack(bytes);
  giveBack(bytes);
  expect(reader.room().buffer).not.toBe(bytes.buffer);
  reader.close();
  const others = Array.from({ length: 40 }, () => new SlabReader().room().buffer);
  expect(others).not.toContain(bytes.buffer);
});

it('leaves memory alone that it did not lend', () => {
  const own = new Uint8Array(10).fill(7);
  giveBack(own);
  expect(isLent(own)).toBe(false);
  expect(own[0]).toBe(7);
});

it('hears an accepted connection into lent memory once it brings much, in order, through pauses, to its end', async () => {
  const server = createServer();
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  const total = 12 * slabBytes;
  let [heard, wrong, lent] = [0, 0, 0];
  hear(far, (bytes) => {
    for (const byte of bytes) if (byte !== heard++ % 251) wrong += 1;
    if (isLent(bytes)) lent += bytes.length;
    giveBack(bytes);
    if (heard % 7 !== 0) return;
    far.pause();
    setImmediate(() => far.resume());
  });
  near.end(Buffer.from(Uint8Array.from({ length: total }, (_, at) => at % 251)));
  await once(far, 'end');
  expect([heard, wrong]).toEqual([total, 0]);
  expect(lent, 'most of it').toBeGreaterThan(total / 2);
  near.destroy();
  far.destroy();
});
