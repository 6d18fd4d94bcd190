import { messageTypeBytes, offsets } from './layout.ts';

/** MessageType texts (specification section 5.1). */
export const messageTypes = {
  inputStreamData: 'input_stream_data',
  outputStreamData: 'output_stream_data',
  acknowledge: 'acknowledge',
  channelClosed: 'channel_closed',
  startPublication: 'start_publication',
  pausePublication: 'pause_publication',
  agentSessionState: 'agent_session_state',
  interactiveShell: 'interactive_shell',
  agentTaskComplete: 'agent_task_complete',
  agentTaskAcknowledge: 'agent_task_acknowledge',
} as const;

export type KnownMessageType = (typeof messageTypes)[keyof typeof messageTypes];

/** A type text as it stands in the header: padded with spaces. Undefined when it is longer than the field. */
export function padMessageType(text: string): Uint8Array | undefined {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > messageTypeBytes) return undefined;
  const padded = new Uint8Array(messageTypeBytes).fill(0x20);
  padded.set(bytes);
  return padded;
}

/** Knows the types of this protocol by their bytes, so that no text is made for a message that is understood. */
const known: readonly { readonly text: KnownMessageType; readonly padded: Uint8Array }[] = Object.values(
  messageTypes,
).map((text) => ({ text, padded: padMessageType(text)! }));

/** Reads the type of a frame of at least 120 bytes: trimmed of NULs, then of white space; '' when nothing is left. */
export function readMessageType(frame: Uint8Array): string {
  const start = offsets.messageType;
  for (let type = 0; type < known.length; type += 1) {
    const { text, padded } = known[type]!;
    // The first letters tell most types apart, the loop confirms.
    let at = 0;
    while (at < messageTypeBytes && frame[start + at] === padded[at]) at += 1;
    if (at === messageTypeBytes) return text;
  }
  let text = '';
  for (let at = 0; at < messageTypeBytes; at += 1) text += String.fromCharCode(frame[start + at]!);
  return trimNuls(text).trim();
}

function trimNuls(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && text.charCodeAt(from) === 0) from += 1;
  while (to > from && text.charCodeAt(to - 1) === 0) to -= 1;
  return text.slice(from, to);
}
