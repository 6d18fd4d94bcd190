import type { WireEnvironment } from '../environment.ts';
import { headerLength, offsets, writeUint32, writeUint64 } from './layout.ts';
import { padMessageType } from './message-type.ts';
import { uuidToWire } from './uuid.ts';

/** The fields of an outer message. 64-bit fields may be given as bigint where a number would not be exact. */
export interface MessageFields {
  readonly messageType: string;
  readonly schemaVersion?: number;
  readonly createdDate: number | bigint;
  readonly sequenceNumber: number | bigint;
  readonly flags: number | bigint;
  /** Text form of the UUID. */
  readonly messageId: string;
  readonly payloadType: number;
  readonly payload: Uint8Array;
}

/**
 * Serialises one outer message. Throws RangeError for what the official libraries refuse as well: a type longer than 32
 * bytes, an empty payload.
 */
export function encodeMessage(
  fields: MessageFields,
  sha256: WireEnvironment['sha256'],
): Uint8Array<ArrayBuffer> {
  const type = padMessageType(fields.messageType);
  if (type === undefined) throw new RangeError('MessageType is longer than 32 bytes');
  if (fields.payload.length === 0) throw new RangeError('a message without payload cannot be sent');
  const frame = new Uint8Array(offsets.payload + fields.payload.length);
  writeUint32(frame, offsets.headerLength, headerLength);
  frame.set(type, offsets.messageType);
  writeUint32(frame, offsets.schemaVersion, fields.schemaVersion ?? 1);
  writeUint64(frame, offsets.createdDate, fields.createdDate);
  writeUint64(frame, offsets.sequenceNumber, fields.sequenceNumber);
  writeUint64(frame, offsets.flags, fields.flags);
  frame.set(uuidToWire(fields.messageId), offsets.messageId);
  frame.set(sha256(fields.payload), offsets.payloadDigest);
  writeUint32(frame, offsets.payloadType, fields.payloadType);
  writeUint32(frame, offsets.payloadLength, fields.payload.length);
  frame.set(fields.payload, offsets.payload);
  return frame;
}
