import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../test/crypto.ts';
import { wireReasons } from '../errors.ts';
import { frameBytesMax } from '../limits.ts';
import { decodeMessage } from './decode.ts';
import { encodeMessage, type MessageFields } from './encode.ts';
import { messageTypes } from './message-type.ts';

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const fieldsArbitrary: fc.Arbitrary<MessageFields> = fc.record({
  messageType: fc.constantFrom(...Object.values(messageTypes), 'agent_job', 'x'),
  schemaVersion: fc.nat(),
  createdDate: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
  sequenceNumber: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  flags: uint64,
  messageId: fc.uuid(),
  payloadType: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  payload: fc.uint8Array({ minLength: 1, maxLength: 2000 }),
});

describe('the outer message', () => {
  it('is read as it was written, whatever the fields', () => {
    fc.assert(
      fc.property(fieldsArbitrary, (fields) => {
        const decoded = decodeMessage(encodeMessage(fields, sha256), sha256);
        if (!decoded.ok) throw new Error(decoded.reason);
        const { message } = decoded;
        expect(message.messageType).toBe(fields.messageType);
        expect(message.exact).toEqual({
          createdDate: fields.createdDate,
          sequenceNumber: fields.sequenceNumber,
          flags: fields.flags,
        });
        expect(message.messageId).toBe(fields.messageId);
        expect(message.payloadType).toBe(fields.payloadType);
        expect(message.schemaVersion).toBe(fields.schemaVersion);
        expect([...message.payload]).toEqual([...fields.payload]);
      }),
    );
  });

  it('reads safe numbers as the exact ones', () => {
    const safe = fc.maxSafeInteger();
    fc.assert(
      fc.property(fieldsArbitrary, safe, (fields, sequenceNumber) => {
        const decoded = decodeMessage(encodeMessage({ ...fields, sequenceNumber }, sha256), sha256);
        expect(decoded.ok && decoded.message.sequenceNumber).toBe(sequenceNumber);
      }),
    );
  });

  it('answers random bytes with a catalogued reason or a message, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const decoded = decodeMessage(bytes, sha256);
        if (!decoded.ok) expect(wireReasons).toHaveProperty(decoded.reason);
      }),
      { numRuns: 500 },
    );
  });

  it('judges a cut frame as it stands', () => {
    const whole = encodeMessage(
      {
        messageType: 'output_stream_data',
        createdDate: 1,
        sequenceNumber: 0,
        flags: 0,
        messageId: '00112233-4455-4677-8899-aabbccddeeff',
        payloadType: 1,
        payload: new Uint8Array(64).fill(7),
      },
      sha256,
    );
    for (let cut = 0; cut < whole.length; cut += 1) {
      const decoded = decodeMessage(whole.subarray(0, cut), sha256);
      const reason = cut < 120 ? 'SSM_MESSAGE_TOO_SHORT' : 'SSM_DIGEST_MISMATCH';
      expect(decoded).toEqual({ ok: false, reason });
    }
  });

  it.each([
    [0, 'SSM_HEADER_LENGTH_ZERO'],
    [126, undefined],
    [127, 'SSM_HEADER_LENGTH_BEYOND_FRAME'],
    [2 ** 31, 'SSM_HEADER_LENGTH_BEYOND_FRAME'],
    [2 ** 32 - 1, 'SSM_HEADER_LENGTH_BEYOND_FRAME'],
  ])('judges a HeaderLength of %i in a frame of 130 bytes as %s', (headerLength, reason) => {
    const frame = aFrame(10);
    new DataView(frame.buffer).setUint32(0, headerLength);
    const decoded = decodeMessage(frame);
    expect(decoded.ok ? undefined : decoded.reason).toBe(reason);
  });

  it('takes padding by NULs, at both ends, as well as by spaces', () => {
    const frame = aFrame(1);
    frame.fill(0, 4, 36);
    frame.set(new TextEncoder().encode('acknowledge'), 6);
    const decoded = decodeMessage(frame, sha256);
    expect(decoded.ok && decoded.message.messageType).toBe('acknowledge');
  });

  it.each([
    [0x20, 'SSM_MESSAGE_TYPE_EMPTY'],
    [0x00, 'SSM_MESSAGE_TYPE_EMPTY'],
  ])('refuses a type of nothing but 0x%s', (byte, reason) => {
    const frame = aFrame(1);
    frame.fill(byte, 4, 36);
    expect(decodeMessage(frame, sha256)).toEqual({ ok: false, reason });
  });

  it('takes the longest frame and refuses one byte more', () => {
    expect(decodeMessage(aFrame(frameBytesMax - 120)).ok).toBe(true);
    expect(decodeMessage(aFrame(frameBytesMax - 119))).toEqual({
      ok: false,
      reason: 'SSM_MESSAGE_TOO_LONG',
    });
  });

  it('takes flags with every bit set', () => {
    const frame = aFrame(1);
    frame.fill(0xff, 56, 64);
    const decoded = decodeMessage(frame, sha256);
    expect(decoded.ok && decoded.message.exact.flags).toBe(2n ** 64n - 1n);
  });
});

function aFrame(payloadBytes: number): Uint8Array<ArrayBuffer> {
  return encodeMessage(
    {
      messageType: 'input_stream_data',
      createdDate: 1_700_000_000_000,
      sequenceNumber: 1,
      flags: 0,
      messageId: '00112233-4455-4677-8899-aabbccddeeff',
      payloadType: 1,
      payload: new Uint8Array(payloadBytes),
    },
    sha256,
  );
}
