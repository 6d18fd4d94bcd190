import { hash } from 'node:crypto';
import type { Effects } from '@sallyport/effects';
import { encodeMessage, messageTypes } from '@sallyport/ssm-protocol';
import type { SsmSession } from './ssm-session.ts';

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

/** Sends an agent to work on a session, over its control channel: the document and the caller's parameters; the agent fills them in. */
export function interactiveShell({ id, order }: SsmSession, effects: Effects): Uint8Array {
  const declared = order.document.content.parameters ?? {};
  const content = {
    DocumentName: order.document.name,
    DocumentContent: order.document.content,
    SessionId: id,
    Parameters: Object.fromEntries(
      Object.entries(order.parameters).map(([name, values]) => [
        name,
        declared[name]?.type === 'StringList' ? values : (values[0] ?? ''),
      ]),
    ),
    RunAsUser: '',
    SessionOwner: order.owner.arn,
  };
  const body = {
    SchemaVersion: 1,
    TaskId: id,
    Topic: messageTypes.interactiveShell,
    Content: JSON.stringify(content),
  };
  return gatewayMessage(messageTypes.interactiveShell, body, effects.random.uuid(), effects);
}

/** Answers an agent's `agent_task_complete`; without it the agent says so again. */
export function taskAcknowledge(
  task: { readonly messageId: string; readonly taskId: string; readonly topic: string },
  effects: Effects,
): Uint8Array {
  const body = { SchemaVersion: 1, MessageId: task.messageId, TaskId: task.taskId, Topic: task.topic };
  return gatewayMessage(messageTypes.agentTaskAcknowledge, body, effects.random.uuid(), effects);
}
