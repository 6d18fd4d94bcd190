/**
 * Why bytes were not accepted. Decoders answer with these codes as values and never throw, whatever they are fed. A code is
 * never renamed or reused.
 */
export const wireReasons = {
  /** The outer message cannot be taken apart. */
  SSM_MESSAGE_TOO_SHORT: 'shorter than the 120-byte header',
  SSM_MESSAGE_TOO_LONG: 'longer than any message may be',
  SSM_HEADER_LENGTH_BEYOND_FRAME: 'HeaderLength points beyond the frame',
  /** The outer message is whole but not valid. */
  SSM_HEADER_LENGTH_ZERO: 'HeaderLength is zero',
  SSM_MESSAGE_TYPE_EMPTY: 'MessageType is empty',
  SSM_CREATED_DATE_ZERO: 'CreatedDate is zero',
  SSM_DIGEST_MISMATCH: 'PayloadDigest is not the SHA-256 of the payload',
  /** Valid, but not for us or not now. */
  SSM_MESSAGE_TYPE_UNKNOWN: 'a message type that this end does not take',
  SSM_PAYLOAD_TYPE_UNKNOWN: 'a payload type that this end does not take',
  SSM_PAYLOAD_EMPTY: 'a stream message without payload',
  SSM_PAYLOAD_MALFORMED: 'a JSON or flag payload that cannot be read',
  SSM_SEQUENCE_BEYOND_WINDOW: 'a sequence number too far ahead or not a whole number',
  SSM_SEQUENCE_REPEATED: 'a sequence number that was taken before (acknowledged again)',
  SSM_ACKNOWLEDGEMENT_UNKNOWN: 'acknowledges a message that is not in flight',
  SSM_REORDER_BUFFER_FULL: 'no room to keep a message that came early',
  SSM_READ_BUFFER_FULL: 'readers are too slow; refused, the peer sends it again',
  SSM_DATA_BEFORE_HANDSHAKE: 'stream data before the handshake was complete',
  SSM_HANDSHAKE_OUT_OF_ORDER: 'a handshake message at the wrong time',
  SSM_PAYLOAD_NOT_AUTHENTIC: 'an encrypted payload that does not open with the key of the session',
  /** The multiplexed byte stream. */
  SMUX_VERSION_UNKNOWN: 'a smux frame whose version is not 1',
  SMUX_COMMAND_UNKNOWN: 'a smux frame with an unknown command',
  SMUX_LENGTH_UNEXPECTED: 'a smux frame without data that claims a length',
  SMUX_STREAMS_TOO_MANY: 'more smux streams than may be open at once',
  SMUX_STREAM_NOT_OURS: 'a smux stream opened by the wrong side',
} as const;

export type WireReason = keyof typeof wireReasons;
