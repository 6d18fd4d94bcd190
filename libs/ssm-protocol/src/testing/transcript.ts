import { readHandshakeRequest } from '../channel/handshake.ts';
import { decodeMessage, type Message } from '../message/decode.ts';
import { messageTypes } from '../message/message-type.ts';
import { payloadTypes } from '../message/payload-type.ts';
import { DirectionRecord, type Progress, type RecordForm } from './direction-record.ts';
import { fromHex } from './hex.ts';

/**
 * Recordings of the official client and the official agent (`transcripts/`): one JSON object a line, the first is metadata. What the
 * gateway does in them was the choice of the emulator that recorded them, never a truth about the real service.
 */
export interface Transcript {
  readonly metadata: TranscriptMetadata;
  readonly events: readonly TranscriptEvent[];
}

export interface TranscriptMetadata {
  readonly scenario: string;
  readonly session: string;
  readonly clientStdout: string;
  readonly application: Readonly<Record<string, { readonly sent: Content; readonly received: Content }>>;
  readonly destination: Readonly<Record<string, { readonly sent: Content; readonly received: Content }>>;
  readonly actions: readonly TranscriptAction[];
}

/** Bytes as they are, or their length and digest when they are long. */
export type Content = { readonly hex: string } | { readonly length: number; readonly sha256: string };

export interface TranscriptAction {
  readonly t: number;
  readonly who: 'application' | 'destination' | 'driver' | 'client';
  readonly op: string;
  readonly conn?: string;
  readonly hex?: string;
  readonly length?: number;
}

export interface TranscriptEvent {
  /** Milliseconds since the recording began. */
  readonly t: number;
  /** `client-N`, `agent-N`, `control-N`, `http-client`, `http-agent`. */
  readonly socket: string;
  readonly from: 'client' | 'agent' | 'gateway';
  readonly kind: string;
  readonly hex?: string;
  readonly text?: string;
  readonly note?: string;
  readonly status?: number;
}

/** Reads a transcript file. */
export function readTranscript(text: string): Transcript {
  const [first, ...rest] = text.trimEnd().split('\n');
  return {
    metadata: JSON.parse(first ?? '') as TranscriptMetadata,
    events: rest.map((line) => JSON.parse(line) as TranscriptEvent),
  };
}

/** Something that the played side does, and what it had received from the other end before it did. */
export interface TranscriptStep {
  readonly t: number;
  readonly kind: 'text' | 'frame' | 'close';
  readonly text: string;
  readonly frame: Uint8Array;
  /** Wait until the system under test has sent at least this much. */
  readonly after: Progress;
}

const stream = {
  client: { socket: 'client-', own: messageTypes.inputStreamData, others: messageTypes.outputStreamData },
  agent: { socket: 'agent-', own: messageTypes.outputStreamData, others: messageTypes.inputStreamData },
} as const;

/**
 * What the official client (or agent) did on its data channel, to be played against a system under test. Left out, as the rules of
 * replaying say: recorded acknowledgements (acknowledge what really arrives), resends, pings, and `agent_session_state`.
 */
export function stepsOf(transcript: Transcript, side: 'client' | 'agent'): readonly TranscriptStep[] {
  const heard = new DirectionRecord(side === 'client' ? 'agent' : 'client', formOf(transcript));
  const sent = new Set<number>();
  const steps: TranscriptStep[] = [];
  for (const event of transcript.events) {
    if (!event.socket.startsWith(stream[side].socket)) continue;
    const message = messageOf(event);
    if (event.from === 'gateway') {
      if (message?.messageType === stream[side].others) heard.add(message.frame);
      continue;
    }
    const step = { t: event.t, text: event.text ?? '', frame: new Uint8Array(), after: heard.progress() };
    if (event.kind === 'text' || event.kind === 'close') steps.push({ ...step, kind: event.kind });
    if (message?.messageType !== stream[side].own || sent.has(message.sequenceNumber)) continue;
    sent.add(message.sequenceNumber);
    steps.push({ ...step, kind: 'frame', frame: message.frame });
  }
  return steps;
}

/** Frames that the recording gateway itself sent to one end, such as `channel_closed`; not relayed ones. */
export function gatewayFrames(transcript: Transcript, to: 'client' | 'agent'): readonly TranscriptStep[] {
  const steps: TranscriptStep[] = [];
  for (const event of transcript.events) {
    if (event.from !== 'gateway' || !event.socket.startsWith(stream[to].socket)) continue;
    const message = messageOf(event);
    if (message === undefined || event.note === 'relayed') continue;
    const after = { handshake: 0, flags: 0, bytes: new Map<number, number>() };
    steps.push({ t: event.t, kind: 'frame', text: '', frame: message.frame, after });
  }
  return steps;
}

/** All that one end sent on its data channel, as a record to compare with. */
export function recordOf(transcript: Transcript, side: 'client' | 'agent'): DirectionRecord {
  const record = new DirectionRecord(side, formOf(transcript));
  for (const step of stepsOf(transcript, side)) if (step.kind === 'frame') record.add(step.frame);
  return record;
}

/** smux only where the agent forwards a port to listeners: a standard stream, a shell and a command send bytes as they are. */
export function formOf(transcript: Transcript): RecordForm {
  for (const event of transcript.events) {
    const message = messageOf(event);
    if (message?.payloadType !== payloadTypes.handshakeRequest) continue;
    const properties = readHandshakeRequest(message.payload)?.actions[0]?.parameters['Properties'];
    return (properties as { type?: string } | null)?.type === 'LocalPortForwarding' ? 'smux' : 'raw';
  }
  return 'raw';
}

function messageOf(event: TranscriptEvent): Message | undefined {
  if (event.kind !== 'binary' || event.hex === undefined) return undefined;
  const decoded = decodeMessage(fromHex(event.hex));
  return decoded.ok ? decoded.message : undefined;
}

/** One local connection of a recording: what both of its ends did, with the bytes. */
export interface TranscriptConnection {
  readonly name: string;
  /** Bytes from the application to the destination. */
  readonly up: Uint8Array;
  /** Bytes from the destination to the application. */
  readonly down: Uint8Array;
  /** What the application did, in order. */
  readonly application: readonly ConnectionAct[];
  /** What the destination did, in order. */
  readonly destination: readonly ConnectionAct[];
}

export interface ConnectionAct {
  readonly t: number;
  readonly kind: 'connect' | 'send' | 'close';
  /** For `send`. */
  readonly bytes: Uint8Array;
  /** Bytes that this end had received before: wait for as many. */
  readonly afterReceived: number;
}

/** The connections in the order in which they were opened. The nth belongs to the nth stream that the client opened. */
export function connectionsOf(transcript: Transcript): readonly TranscriptConnection[] {
  const ups = recordOf(transcript, 'client');
  const downs = recordOf(transcript, 'agent');
  const { actions } = transcript.metadata;
  const names = actions.filter(({ who, op }) => who === 'application' && op === 'connect');
  return names.map(({ conn }, index) => {
    const id = ups.opened[index] ?? 0;
    const up = ups.bytes(id);
    const down = downs.bytes(id);
    const own = actions.filter((action) => action.conn === conn);
    return {
      name: conn ?? '',
      up,
      down,
      application: actsOf(own, 'application', up),
      destination: actsOf(own, 'destination', down),
    };
  });
}

function actsOf(
  actions: readonly TranscriptAction[],
  who: 'application' | 'destination',
  sent: Uint8Array,
): ConnectionAct[] {
  const acts: ConnectionAct[] = [];
  let sentSoFar = 0;
  let received = 0;
  for (const action of actions) {
    const length = action.hex === undefined ? (action.length ?? 0) : action.hex.length / 2;
    if (action.who !== who) {
      if (action.op === 'send') received += length;
      continue;
    }
    const act = { t: action.t, bytes: new Uint8Array(), afterReceived: received };
    if (action.op === 'connect' || action.op === 'close') acts.push({ ...act, kind: action.op });
    if (action.op !== 'send') continue;
    acts.push({ ...act, kind: 'send', bytes: sent.subarray(sentSoFar, sentSoFar + length) });
    sentSoFar += length;
  }
  return acts;
}
