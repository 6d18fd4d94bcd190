import type { WireReason } from '../errors.ts';
import { smuxDataBytesMax } from '../limits.ts';

/**
 * smux version 1 (specification section 10.3). Little-endian, unlike the outer message.
 *
 *     0  1       version, 1
 *     1  1       command
 *     2  uint16  length of data
 *     4  uint32  stream id
 *     8  n       data (PSH only)
 */
export const smuxHeaderBytes = 8;

export const smuxCommands = { syn: 0, fin: 1, psh: 2, nop: 3 } as const;
export type SmuxCommand = (typeof smuxCommands)[keyof typeof smuxCommands];

export interface SmuxFrame {
  readonly command: SmuxCommand;
  readonly stream: number;
  /** A view into the bytes decoded. */
  readonly data: Uint8Array;
}

/** A frame, the wish for more bytes (`bytes` in all from where decoding began), or bytes that no peer of version 1 sends. */
export type DecodedSmux =
  | { readonly kind: 'frame'; readonly frame: SmuxFrame; readonly next: number }
  | { readonly kind: 'need'; readonly bytes: number }
  | { readonly kind: 'malformed'; readonly reason: WireReason };

/** Decodes the frame that begins at `at`. */
export function decodeSmux(bytes: Uint8Array, at: number): DecodedSmux {
  const have = bytes.length - at;
  if (have >= 1 && bytes[at] !== 1) return { kind: 'malformed', reason: 'SMUX_VERSION_UNKNOWN' };
  if (have >= 2 && bytes[at + 1]! > smuxCommands.nop) {
    return { kind: 'malformed', reason: 'SMUX_COMMAND_UNKNOWN' };
  }
  if (have < smuxHeaderBytes) return { kind: 'need', bytes: smuxHeaderBytes };
  const command = bytes[at + 1] as SmuxCommand;
  const length = readLength(bytes, at);
  if (length !== 0 && command !== smuxCommands.psh) {
    return { kind: 'malformed', reason: 'SMUX_LENGTH_UNEXPECTED' };
  }
  if (have < smuxHeaderBytes + length) return { kind: 'need', bytes: smuxHeaderBytes + length };
  const next = at + smuxHeaderBytes + length;
  const data = bytes.subarray(at + smuxHeaderBytes, next);
  return { kind: 'frame', frame: { command, stream: readStream(bytes, at), data }, next };
}

/** Length field of the header at `at`. */
export function readLength(bytes: Uint8Array, at: number): number {
  return bytes[at + 2]! | (bytes[at + 3]! << 8);
}

/** Stream id of the header at `at`. */
export function readStream(bytes: Uint8Array, at: number): number {
  return (bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24)) >>> 0;
}

/** Writes a header into `target`. */
export function writeSmuxHeader(
  target: Uint8Array,
  at: number,
  command: SmuxCommand,
  length: number,
  stream: number,
): void {
  target[at] = 1;
  target[at + 1] = command;
  target[at + 2] = length & 0xff;
  target[at + 3] = length >> 8;
  target[at + 4] = stream & 0xff;
  target[at + 5] = (stream >>> 8) & 0xff;
  target[at + 6] = (stream >>> 16) & 0xff;
  target[at + 7] = stream >>> 24;
}

/** One frame as bytes of its own. Throws RangeError when the data is longer than the length field can say. */
export function encodeSmux(
  command: SmuxCommand,
  stream: number,
  data: Uint8Array = new Uint8Array(),
): Uint8Array {
  if (data.length > smuxDataBytesMax) throw new RangeError('too much data for one smux frame');
  const bytes = new Uint8Array(smuxHeaderBytes + data.length);
  writeSmuxHeader(bytes, 0, command, data.length, stream);
  bytes.set(data, smuxHeaderBytes);
  return bytes;
}
