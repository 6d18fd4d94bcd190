import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeFrame, FrameDecoder } from './frames.ts';
import { messageBytesMax } from './messages.ts';

it('puts messages together from any division of their bytes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 5 }),
      fc.array(fc.nat(40), { minLength: 1 }),
      (messages, cuts) => {
        const bytes = Buffer.concat(messages.map((message) => encodeFrame(message)));
        const decoder = new FrameDecoder();
        const got: unknown[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = 1 + cuts[turn % cuts.length]!;
          got.push(...decoder.push(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(JSON.stringify(got)).toBe(JSON.stringify(messages));
      },
    ),
  );
});

it('answers any bytes with messages or HELPER_PROTOCOL', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        new FrameDecoder().push(bytes);
      } catch (problem) {
        expect(problem).toMatchObject({ code: 'HELPER_PROTOCOL' });
      }
    }),
  );
});

it.each([0, messageBytesMax + 1, 0xffff_ffff])(
  'refuses a length of %d before anything is held for it',
  (length) => {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(length);
    expect(() => new FrameDecoder().push(header)).toThrow(
      expect.objectContaining({ code: 'HELPER_PROTOCOL' }),
    );
  },
);

it('sends nothing larger than the bound', () => {
  expect(encodeFrame('x'.repeat(messageBytesMax - 2))).toHaveLength(messageBytesMax + 4);
  expect(() => encodeFrame('x'.repeat(messageBytesMax - 1))).toThrow(
    expect.objectContaining({ code: 'HELPER_PROTOCOL' }),
  );
});
