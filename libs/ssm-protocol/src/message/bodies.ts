import { flagValues } from './payload-type.ts';
import { readUint32, writeUint32 } from './layout.ts';
import { writeUuidText } from './uuid.ts';

/** The JSON and flag payloads of section 5.3, member order as the official encoders write it. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A value as JSON bytes. */
export function jsonPayload(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** JSON bytes as an object; undefined when they are anything else. */
export function readJsonObject(payload: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(decoder.decode(payload));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined; // not JSON: the caller discards the message with its reason
  }
}

// ------------------------------------------------------------------------------------------------- acknowledge

const numberKey = encoder.encode('","AcknowledgedMessageSequenceNumber":');
const ackTail = encoder.encode(',"IsSequentialMessage":true}');
const uuidChars = 36;

/** Writes acknowledge payloads for messages of one type (the type of the stream being received). */
export class AcknowledgeWriter {
  readonly #head: Uint8Array;

  constructor(acknowledgedType: string) {
    this.#head = encoder.encode(`{"AcknowledgedMessageType":"${acknowledgedType}","AcknowledgedMessageId":"`);
  }

  /** Most bytes that one payload takes; numbers have up to 16 digits. */
  get bytesMax(): number {
    return this.#head.length + uuidChars + numberKey.length + 16 + ackTail.length;
  }

  /** Writes the payload for the message whose wire UUID stands in `source` at `idAt`; returns its length. */
  write(target: Uint8Array, at: number, source: Uint8Array, idAt: number, sequence: number): number {
    let to = at;
    target.set(this.#head, to);
    to += this.#head.length;
    writeUuidText(source, idAt, target, to);
    to += uuidChars;
    target.set(numberKey, to);
    to += numberKey.length;
    to += writeDecimal(target, to, sequence);
    target.set(ackTail, to);
    return to + ackTail.length - at;
  }
}

/** Writes a whole number >= 0 as decimal digits; returns how many. */
function writeDecimal(target: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits += 1;
  let rest = value;
  for (let to = at + digits - 1; to >= at; to -= 1) {
    const tens = Math.floor(rest / 10);
    target[to] = 0x30 + (rest - tens * 10);
    rest = tens;
  }
  return digits;
}

const keyTail = encoder.encode('SequenceNumber":');

/**
 * The acknowledged number of an acknowledge payload, or -1 when there is none. Only this member is used by receivers. The form
 * that both official ends write is read without making text; any other JSON goes the long way.
 */
export function readAcknowledgedNumber(payload: Uint8Array): number {
  const quick = scanAcknowledgedNumber(payload);
  if (quick >= 0) return quick;
  const number = readJsonObject(payload)?.['AcknowledgedMessageSequenceNumber'];
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : -1;
}

/** Looks for the key from the end of a short payload: `...SequenceNumber":<digits>,"IsSequentialMessage":true}`. */
function scanAcknowledgedNumber(payload: Uint8Array): number {
  let at = payload.length - ackTail.length;
  if (at < 0 || !endsWith(payload, payload.length, ackTail)) return -1;
  let value = 0;
  let scale = 1;
  const end = at;
  while (at > 0 && payload[at - 1]! >= 0x30 && payload[at - 1]! <= 0x39 && end - at < 15) {
    at -= 1;
    value += (payload[at]! - 0x30) * scale;
    scale *= 10;
  }
  return at < end && endsWith(payload, at, keyTail) ? value : -1;
}

function endsWith(payload: Uint8Array, end: number, tail: Uint8Array): boolean {
  const start = end - tail.length;
  if (start < 0) return false;
  for (let at = 0; at < tail.length; at += 1) {
    if (payload[start + at] !== tail[at]) return false;
  }
  return true;
}

// ------------------------------------------------------------------------------------------------- flags and states

/** Payload of a flag message. */
export function flagPayload(flag: (typeof flagValues)[keyof typeof flagValues]): Uint8Array {
  const payload = new Uint8Array(4);
  writeUint32(payload, 0, flag);
  return payload;
}

/** The number in a flag payload; undefined when it is not 4 bytes long. */
export function readFlag(payload: Uint8Array): number | undefined {
  return payload.length === 4 ? readUint32(payload, 0) : undefined;
}

// ------------------------------------------------------------------------------------------------- shells

/** A terminal's size in characters. */
export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** Longest edge of a terminal that is believed; the kernel's own field has 16 bits. */
const terminalEdgeMax = 65_535;

/** Payload of a Size message. */
export function sizePayload(size: TerminalSize): Uint8Array {
  return jsonPayload({ cols: size.cols, rows: size.rows });
}

/** The size in a Size payload; undefined when it is malformed or no terminal has it. */
export function readSize(payload: Uint8Array): TerminalSize | undefined {
  const body = readJsonObject(payload);
  const cols = body?.['cols'];
  const rows = body?.['rows'];
  return isEdge(cols) && isEdge(rows) ? { cols, rows } : undefined;
}

function isEdge(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= terminalEdgeMax;
}

/** Payload of an ExitCode message: a text, not JSON. */
export function exitCodePayload(code: number): Uint8Array {
  return encoder.encode(`EXIT_CODE: ${code}`);
}

/** The number in an ExitCode payload; undefined when there is none. */
export function readExitCode(payload: Uint8Array): number | undefined {
  const digits = /^EXIT_CODE: (-?\d{1,10})\s*$/.exec(decoder.decode(payload.subarray(0, 64)))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

// ------------------------------------------------------------------------------------------------- the end

/** Members of `channel_closed`, which the gateway sends to both ends. */
export interface ChannelClosed {
  readonly messageId: string;
  readonly destinationId: string;
  readonly sessionId: string;
  /** ISO 8601 text. */
  readonly createdDate: string;
  /** Shown to the user when not empty. */
  readonly output: string;
}

/** Payload of `channel_closed`. */
export function channelClosedPayload(closed: ChannelClosed): Uint8Array {
  return jsonPayload({
    MessageType: 'channel_closed',
    MessageId: closed.messageId,
    DestinationId: closed.destinationId,
    SessionId: closed.sessionId,
    SchemaVersion: 1,
    CreatedDate: closed.createdDate,
    Output: closed.output,
  });
}

/** The text that a `channel_closed` carries for the user; '' when the payload cannot be read (the session ends anyhow). */
export function readChannelClosedOutput(payload: Uint8Array): string {
  const output = readJsonObject(payload)?.['Output'];
  return typeof output === 'string' ? output : '';
}

/** Payload of `agent_session_state`. */
export function agentSessionStatePayload(state: 'Connected' | 'Terminating', sessionId: string): Uint8Array {
  return jsonPayload({ SchemaVersion: 1, SessionState: state, SessionId: sessionId });
}

/** Payload of `agent_task_complete` (control channel). */
export function agentTaskCompletePayload(task: {
  readonly sessionId: string;
  readonly instanceId: string;
  readonly status: string;
  readonly output: string;
}): Uint8Array {
  return jsonPayload({
    SchemaVersion: 1,
    TaskId: task.sessionId,
    Topic: 'agent_task_complete',
    FinalTaskStatus: task.status,
    IsRoutingFailure: false,
    AwsAccountId: '',
    InstanceId: task.instanceId,
    Output: task.output,
    S3Bucket: '',
    S3UrlSuffix: '',
    CwlGroup: '',
    CwlStream: '',
    RetryNumber: 1,
  });
}
