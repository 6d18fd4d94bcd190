import { frameHeaderBytes, offsetBytes, type FrameType } from './frame-type.ts';

const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Writes a uint48; exact up to 2^48. */
export function putUint48(target: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  target[at] = high >>> 8;
  target[at + 1] = high;
  putUint32(target, at + 2, value);
}

export function putUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

/** A header with `extra` bytes of body room behind it; `bodyBytes` is the length that it tells, of which the extra bytes are the first. */
export function frameHeader(type: FrameType, id: number, bodyBytes: number, extra = 0): Uint8Array {
  const header = new Uint8Array(frameHeaderBytes + extra);
  header[0] = type;
  header[1] = bodyBytes >>> 16;
  header[2] = bodyBytes >>> 8;
  header[3] = bodyBytes;
  putUint32(header, 4, id);
  return header;
}

/** A whole frame with a small body. */
export function frame(type: FrameType, id: number, body: Uint8Array = new Uint8Array()): Uint8Array {
  const bytes = frameHeader(type, id, body.length, body.length);
  bytes.set(body, frameHeaderBytes);
  return bytes;
}

/** Header and offset of a DATA frame; the data follows as parts of their own, uncopied. */
export function dataHeader(type: FrameType, id: number, offset: number, dataBytes: number): Uint8Array {
  const header = frameHeader(type, id, offsetBytes + dataBytes, offsetBytes);
  putUint48(header, frameHeaderBytes, offset);
  return header;
}

/** Header, offset and plain length of a PACKED frame. */
export function packedHeader(
  type: FrameType,
  id: number,
  offset: number,
  plainBytes: number,
  packedBytes: number,
): Uint8Array {
  const header = frameHeader(type, id, offsetBytes + 3 + packedBytes, offsetBytes + 3);
  putUint48(header, frameHeaderBytes, offset);
  header[frameHeaderBytes + offsetBytes] = plainBytes >>> 16;
  header[frameHeaderBytes + offsetBytes + 1] = plainBytes >>> 8;
  header[frameHeaderBytes + offsetBytes + 2] = plainBytes;
  return header;
}

/** A body of one uint48. */
export function uint48(value: number): Uint8Array {
  const bytes = new Uint8Array(6);
  putUint48(bytes, 0, value);
  return bytes;
}
