/**
 * The outer message (specification section 4). All integers are big-endian.
 *
 *     0  uint32  HeaderLength, 116: the offset of PayloadLength, not of the payload
 *     4  32      MessageType, ASCII padded with spaces (NULs are accepted)
 *    36  uint32  SchemaVersion, 1
 *    40  uint64  CreatedDate, Unix milliseconds
 *    48  int64   SequenceNumber
 *    56  uint64  Flags: bit 0 first of stream, bit 1 last
 *    64  16      MessageId, a UUID with its two 8-byte halves swapped
 *    80  32      PayloadDigest, SHA-256 of the payload as sent
 *   112  uint32  PayloadType
 *   116  uint32  PayloadLength
 *   120  n       Payload, up to the end of the frame
 */
export const offsets = {
  headerLength: 0,
  messageType: 4,
  schemaVersion: 36,
  createdDate: 40,
  sequenceNumber: 48,
  flags: 56,
  messageId: 64,
  payloadDigest: 80,
  payloadType: 112,
  payloadLength: 116,
  payload: 120,
} as const;

export const headerLength = 116;
export const messageTypeBytes = 32;
export const digestBytes = 32;

/** Reads a big-endian uint32. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Writes a big-endian uint32. */
export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Reads a big-endian uint64 as a number: exact up to 2^53, rounded above. */
export function readUint64(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) * 0x1_0000_0000 + readUint32(bytes, at + 4);
}

/** Reads a big-endian int64 as a number: exact up to 2^53 either way, rounded beyond. */
export function readInt64(bytes: Uint8Array, at: number): number {
  return (readUint32(bytes, at) | 0) * 0x1_0000_0000 + readUint32(bytes, at + 4);
}

/** Reads a big-endian 64-bit field exactly. */
export function readBigUint64(bytes: Uint8Array, at: number): bigint {
  return (BigInt(readUint32(bytes, at)) << 32n) | BigInt(readUint32(bytes, at + 4));
}

/** Writes a big-endian 64-bit field; numbers must be whole and safe, negative ones in two's complement. */
export function writeUint64(bytes: Uint8Array, at: number, value: number | bigint): void {
  if (typeof value === 'number') {
    writeUint32(bytes, at, Math.floor(value / 0x1_0000_0000));
    writeUint32(bytes, at + 4, value % 0x1_0000_0000);
    return;
  }
  const wrapped = BigInt.asUintN(64, value);
  writeUint32(bytes, at, Number(wrapped >> 32n));
  writeUint32(bytes, at + 4, Number(wrapped & 0xffff_ffffn));
}
