import { hash } from 'node:crypto';
import type { Effects } from '@sallyport/effects';
import { encodeMessage } from '@sallyport/ssm-protocol';

/** SHA-256 as the wire wants it. */
export const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');

function gatewayMessage(
  messageType: string,
  body: object,
  messageId: string,
  { clock }: Effects,
): Uint8Array {
  return encodeMessage(
    {
      messageType,
      createdDate: clock.now(),
      sequenceNumber: 0,
      flags: 3,
      messageId,
      payloadType: 0,
      payload: Buffer.from(JSON.stringify(body)),
    },
    sha256,
  );
}

/** Tells an end that the session is over; `output` is shown to the person. */
export function channelClosed(sessionId: string, output: string, effects: Effects): Uint8Array {
  const messageId = effects.random.uuid();
  const body = {
    MessageType: 'channel_closed',
    MessageId: messageId,
    DestinationId: sessionId,
    SessionId: sessionId,
    SchemaVersion: 1,
    CreatedDate: new Date(effects.clock.now()).toISOString(),
    Output: output,
  };
  return gatewayMessage('channel_closed', body, messageId, effects);
}

/** Tells an end that its peer went away or came back. Neither official end looks at the payload. */
export function publication(type: 'start_publication' | 'pause_publication', effects: Effects): Uint8Array {
  return gatewayMessage(type, { SchemaVersion: 1 }, effects.random.uuid(), effects);
}
