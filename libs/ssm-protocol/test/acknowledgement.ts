import { encodeMessage, jsonPayload, parseMessage } from '../src/index.ts';
import { sha256 } from './crypto.ts';

/** What both ends of a replayed recording are given. */
export const environment = {
  sha256,
  uuid: () => '6f1c1d8e-5a3b-4c2d-9e0f-a1b2c3d4e5f6',
  wallTime: () => 1_700_000_000_000,
};

/** The other end's acknowledgement of a stream message; undefined for any other message. */
export function acknowledgement(frame: Uint8Array): Uint8Array | undefined {
  const parsed = parseMessage(frame);
  if (!parsed.ok || !parsed.message.messageType.endsWith('_stream_data')) return undefined;
  return encodeMessage(
    {
      messageType: 'acknowledge',
      createdDate: environment.wallTime(),
      sequenceNumber: 0,
      flags: 3,
      messageId: environment.uuid(),
      payloadType: 0,
      payload: jsonPayload({
        AcknowledgedMessageType: parsed.message.messageType,
        AcknowledgedMessageId: parsed.message.messageId,
        AcknowledgedMessageSequenceNumber: parsed.message.sequenceNumber,
        IsSequentialMessage: true,
      }),
    },
    sha256,
  );
}
