import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wireReasons } from '../errors.ts';
import { joinBytes, toHex } from '../testing/index.ts';
import { decodeSmux, encodeSmux, smuxCommands, type SmuxCommand } from './frame.ts';
import { SmuxReader } from './reader.ts';

interface Sent {
  readonly command: SmuxCommand;
  readonly stream: number;
  readonly data: Uint8Array;
}

const frames: fc.Arbitrary<Sent[]> = fc.array(
  fc.oneof(
    fc.record({
      command: fc.constantFrom(smuxCommands.syn, smuxCommands.fin, smuxCommands.nop),
      stream: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      data: fc.constant(new Uint8Array()),
    }),
    fc.record({
      command: fc.constant(smuxCommands.psh),
      stream: fc.integer({ min: 0, max: 5 }),
      data: fc.uint8Array({ maxLength: 60 }),
    }),
  ),
  { maxLength: 8 },
);

/** Commands and data with the pieces of each frame joined, as one text. */
function readAll(pieces: readonly Uint8Array[]): string {
  const read: string[] = [];
  let data = '';
  let dataOf = -1;
  const flush = () => {
    if (dataOf >= 0 && data !== '') read.push(`${dataOf}:${data}`);
    data = '';
    dataOf = -1;
  };
  const reader = new SmuxReader({
    command: (command, stream) => {
      flush();
      read.push(`${command}/${stream}`);
    },
    data: (stream, bytes) => {
      if (stream !== dataOf) flush();
      dataOf = stream;
      data += toHex(bytes);
    },
  });
  for (const piece of pieces) {
    const reason = reader.push(piece);
    if (reason !== undefined) return reason;
  }
  flush();
  return read.join(' ');
}

describe('the smux reader', () => {
  it('reads the same from bytes cut at every offset and continued', () => {
    fc.assert(
      fc.property(frames, (sent) => {
        const bytes = joinBytes(sent.map(({ command, stream, data }) => encodeSmux(command, stream, data)));
        const whole = readAll([bytes]);
        for (let cut = 0; cut <= bytes.length; cut += 1) {
          expect(readAll([bytes.subarray(0, cut), bytes.subarray(cut)])).toBe(whole);
        }
        expect(readAll([...bytes].map((byte) => Uint8Array.of(byte)))).toBe(whole);
      }),
      { numRuns: 60 },
    );
  });

  it('answers random bytes with a catalogued reason or events, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, begin) => {
        if (begin && bytes.length > 1) bytes.set([1, bytes[1]! % 4]);
        const read = readAll([bytes]);
        if (read.startsWith('SMUX')) expect(wireReasons).toHaveProperty(read);
      }),
    );
  });

  it('hands data of the longest length on as it comes, keeping none', () => {
    let got = 0;
    const reader = new SmuxReader({ command: () => undefined, data: (_, bytes) => (got += bytes.length) });
    reader.push(Uint8Array.of(1, 2, 0xff, 0xff, 3, 0, 0, 0));
    for (let piece = 0; piece < 64; piece += 1) reader.push(new Uint8Array(1023));
    expect(got).toBe(64 * 1023);
    expect(reader.push(new Uint8Array(65_535 - got))).toBeUndefined();
    expect(got).toBe(65_535);
    expect(reader.push(Uint8Array.of(2))).toBe('SMUX_VERSION_UNKNOWN');
  });

  it.each([
    [[0, 0], 'SMUX_VERSION_UNKNOWN'],
    [[2, 0], 'SMUX_VERSION_UNKNOWN'],
    [[1, 4], 'SMUX_COMMAND_UNKNOWN'],
    [[1, 255], 'SMUX_COMMAND_UNKNOWN'],
    [[1, 0, 1, 0, 3, 0, 0, 0], 'SMUX_LENGTH_UNEXPECTED'],
    [[1, 1, 0, 1, 3, 0, 0, 0], 'SMUX_LENGTH_UNEXPECTED'],
    [[1, 3, 255, 255, 0, 0, 0, 0], 'SMUX_LENGTH_UNEXPECTED'],
  ])('refuses %j as %s, whole or byte by byte', (bytes, reason) => {
    expect(readAll([Uint8Array.from(bytes)])).toBe(reason);
    expect(readAll(bytes.map((byte) => Uint8Array.of(byte)))).toBe(reason);
    const judged = decodeSmux(Uint8Array.from(bytes), 0);
    expect(judged).toEqual({ kind: 'malformed', reason });
  });
});

describe('the smux decoder', () => {
  it('asks for the bytes it needs, at every cut', () => {
    const frame = encodeSmux(smuxCommands.psh, 3, Uint8Array.of(1, 2, 3, 4, 5));
    for (let cut = 0; cut < frame.length; cut += 1) {
      const bytes = cut < 8 ? 8 : 13;
      expect(decodeSmux(frame.subarray(0, cut), 0)).toEqual({ kind: 'need', bytes });
    }
    const whole = decodeSmux(frame, 0);
    expect(whole).toMatchObject({ kind: 'frame', next: 13, frame: { command: 2, stream: 3 } });
  });
});
