import type { WireEnvironment } from '../environment.ts';
import type { WireReason } from '../errors.ts';
import { frameBytesMax } from '../limits.ts';
import { digestBytes, offsets, readBigUint64, readInt64, readUint32, readUint64 } from './layout.ts';
import { messageTypes, readMessageType } from './message-type.ts';
import { uuidFromWire } from './uuid.ts';

/** A decoded message: a view of the frame it came in. Fields are read when asked for; nothing is copied. */
export class Message {
  readonly frame: Uint8Array;
  readonly messageType: string;
  /** From HeaderLength + 4 to the end of the frame; PayloadLength is not used to cut it, by either official end. */
  readonly payload: Uint8Array;

  constructor(frame: Uint8Array, messageType: string, payload: Uint8Array) {
    this.frame = frame;
    this.messageType = messageType;
    this.payload = payload;
  }

  get headerLength(): number {
    return readUint32(this.frame, offsets.headerLength);
  }

  get schemaVersion(): number {
    return readUint32(this.frame, offsets.schemaVersion);
  }

  /** Unix milliseconds; rounded above 2^53. */
  get createdDate(): number {
    return readUint64(this.frame, offsets.createdDate);
  }

  /** Signed; rounded beyond 2^53, see {@link Message.exact}. */
  get sequenceNumber(): number {
    return readInt64(this.frame, offsets.sequenceNumber);
  }

  /** Rounded above 2^53. */
  get flags(): number {
    return readUint64(this.frame, offsets.flags);
  }

  get messageId(): string {
    return uuidFromWire(this.frame, offsets.messageId);
  }

  get payloadType(): number {
    return readUint32(this.frame, offsets.payloadType);
  }

  /** What the header claims; may differ from `payload.length`. */
  get payloadLength(): number {
    return readUint32(this.frame, offsets.payloadLength);
  }

  /** The 64-bit fields without rounding. */
  get exact(): {
    readonly createdDate: bigint;
    readonly sequenceNumber: bigint;
    readonly flags: bigint;
  } {
    return {
      createdDate: readBigUint64(this.frame, offsets.createdDate),
      sequenceNumber: BigInt.asIntN(64, readBigUint64(this.frame, offsets.sequenceNumber)),
      flags: readBigUint64(this.frame, offsets.flags),
    };
  }
}

export type DecodedMessage =
  { readonly ok: true; readonly message: Message } | { readonly ok: false; readonly reason: WireReason };

/** Reasons for which a frame cannot be taken apart at all; every other reason is about a whole but invalid message. */
export const structuralReasons: readonly WireReason[] = [
  'SSM_MESSAGE_TOO_SHORT',
  'SSM_MESSAGE_TOO_LONG',
  'SSM_HEADER_LENGTH_BEYOND_FRAME',
];

/**
 * Takes one WebSocket message apart without judging its fields. A cut frame is judged as it stands, never waited for, since WebSocket
 * messages are whole.
 */
export function parseMessage(frame: Uint8Array): DecodedMessage {
  if (frame.length < offsets.payload) return refuse('SSM_MESSAGE_TOO_SHORT');
  if (frame.length > frameBytesMax) return refuse('SSM_MESSAGE_TOO_LONG');
  const payloadAt = readUint32(frame, offsets.headerLength) + 4;
  if (payloadAt > frame.length) return refuse('SSM_HEADER_LENGTH_BEYOND_FRAME');
  return { ok: true, message: new Message(frame, readMessageType(frame), frame.subarray(payloadAt)) };
}

/**
 * Judges a message as the official client does: `start_publication` and `pause_publication` are not validated; others need a
 * header length, a type, a date and, when PayloadLength is not 0, a right digest. Without `sha256` the digest is not looked
 * at, as the official agent does. Undefined when the message is valid.
 */
export function validateMessage(
  message: Message,
  sha256?: WireEnvironment['sha256'],
): WireReason | undefined {
  const { messageType, frame } = message;
  if (messageType === messageTypes.startPublication || messageType === messageTypes.pausePublication) {
    return undefined;
  }
  if (message.headerLength === 0) return 'SSM_HEADER_LENGTH_ZERO';
  if (messageType === '') return 'SSM_MESSAGE_TYPE_EMPTY';
  if (readUint32(frame, offsets.createdDate) === 0 && readUint32(frame, offsets.createdDate + 4) === 0) {
    return 'SSM_CREATED_DATE_ZERO';
  }
  if (sha256 === undefined || message.payloadLength === 0) return undefined;
  return digestMatches(frame, sha256(message.payload)) ? undefined : 'SSM_DIGEST_MISMATCH';
}

/** {@link parseMessage} and {@link validateMessage} in one. */
export function decodeMessage(frame: Uint8Array, sha256?: WireEnvironment['sha256']): DecodedMessage {
  const parsed = parseMessage(frame);
  if (!parsed.ok) return parsed;
  const reason = validateMessage(parsed.message, sha256);
  return reason === undefined ? parsed : refuse(reason);
}

function digestMatches(frame: Uint8Array, digest: Uint8Array): boolean {
  for (let at = 0; at < digestBytes; at += 1) {
    if (frame[offsets.payloadDigest + at] !== digest[at]) return false;
  }
  return true;
}

function refuse(reason: WireReason): DecodedMessage {
  return { ok: false, reason };
}
