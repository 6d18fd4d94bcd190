import { expect, it } from 'vitest';
import { SeededRandom } from '@sallyport/effects/simulated';
import { MaskedFrames } from './masked-frames.ts';

interface Read {
  readonly key: string;
  readonly message: Buffer;
}

/** Takes frames apart by RFC 6455 section 5.2, byte by byte. */
function framesOf(bytes: Buffer): Read[] {
  const frames: Read[] = [];
  for (let at = 0; at < bytes.length;) {
    expect(bytes[at]).toBe(0x82);
    expect(bytes[at + 1]! & 0x80).toBe(0x80);
    const short = bytes[at + 1]! & 0x7f;
    const length =
      short < 126
        ? short
        : short === 126
          ? bytes.readUInt16BE(at + 2)
          : Number(bytes.readBigUInt64BE(at + 2));
    const keyAt = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    const key = bytes.subarray(keyAt, keyAt + 4);
    const message = Buffer.from(bytes.subarray(keyAt + 4, keyAt + 4 + length));
    expect(message.length).toBe(length);
    for (let index = 0; index < length; index += 1) message[index]! ^= key[index % 4]!;
    frames.push({ key: key.toString('hex'), message });
    at = keyAt + 4 + length;
  }
  return frames;
}

it('frames and masks messages of every length as the RFC says, in order, whatever lies before them', () => {
  const random = new SeededRandom(7);
  const lengths = [...Array.from({ length: 300 }, (_, length) => length), 1_144, 65_535, 65_536, 200_001, 3];
  const messages = lengths.map((length) => random.bytes(length));
  const frames = new MaskedFrames();
  for (const message of messages) frames.add(message);
  const { length } = frames;
  const joined = Buffer.concat(frames.take());
  expect(joined.length).toBe(length);
  const read = framesOf(joined);
  expect(read.map(({ message }) => message.length)).toEqual(lengths);
  for (const [index, { message }] of read.entries()) expect(message.equals(messages[index]!)).toBe(true);
  expect(frames.length).toBe(0);
  expect(frames.take()).toEqual([]);
});

it('masks each message with a key of its own and leaves the message as it was', () => {
  const frames = new MaskedFrames();
  const message = Buffer.alloc(1_144, 7);
  for (let count = 0; count < 5_000; count += 1) frames.add(message);
  const keys = framesOf(Buffer.concat(frames.take())).map(({ key }) => key);
  // Of 5,000 random words two may well be equal, hardly ever three pairs.
  expect(new Set(keys).size).toBeGreaterThan(4_997);
  expect(message.every((byte) => byte === 7)).toBe(true);
});

it('keeps the messages of two connections apart although they share a block', () => {
  const one = new MaskedFrames();
  const two = new MaskedFrames();
  for (const text of ['a', 'b', 'c']) {
    one.add(Buffer.from(`one ${text}`));
    two.add(Buffer.from(`two ${text}`));
  }
  const texts = (frames: MaskedFrames) =>
    framesOf(Buffer.concat(frames.take())).map(({ message }) => message.toString());
  expect(texts(one)).toEqual(['one a', 'one b', 'one c']);
  expect(texts(two)).toEqual(['two a', 'two b', 'two c']);
});
