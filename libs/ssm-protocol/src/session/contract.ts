import type { WireEnvironment } from '../environment.ts';
import type { WireReason } from '../errors.ts';

/**
 * How the bytes of a port session travel: `mux` (smux, many streams), `basic` (one connection at a time, raw bytes),
 * `standard-stream` (one connection in all, raw bytes; documents without `type`, such as AWS-StartSSHSession).
 */
export type PortMode = 'mux' | 'basic' | 'standard-stream';

/** Properties of the session document after substitution, as the agent sends them in the handshake. All strings. */
export type PortProperties = Readonly<Record<string, string>>;

/** A stream within a session: a small positive number, unique in the session (always 1 outside `mux`). */
export type StreamId = number;

/**
 * What both roles call back. Callbacks run inside the session's own methods: they may call `write`, `end`,
 * `pauseReading` and the like, but must not call `receive`, `pump` or `tick`.
 */
export interface SessionSink {
  /**
   * Send as one BINARY WebSocket message. The bytes stay owned by the session: they must not be changed, since the
   * same bytes may be sent again. Acknowledgements, the handshake and resends come at any time; new stream data
   * only out of `pump`.
   */
  frame(bytes: Uint8Array): void;
  /** Send as one TEXT WebSocket message (the opening frame). Holds the token: never log it. */
  text(text: string): void;
  /**
   * There is something for `pump` to send, and there was nothing (or no room in the window) before. An unpaced driver
   * calls `pump(now)` soon after (best once per tick of its event loop); a paced one arms its timer.
   */
  sendable(): void;
  /** True: readers are slow, stop reading the WebSocket. False: go on. */
  readPressure(on: boolean): void;
  /** Bytes for a stream, in order. A view into the received frame: use or copy it before returning to the event loop. */
  data(stream: StreamId, bytes: Uint8Array): void;
  /** The peer closed the stream (both directions, smux has no half-close). Nothing follows for this stream. */
  end(stream: StreamId): void;
  /** There is room again on a stream whose last `write` was not taken wholly. */
  writable(stream: StreamId): void;
  /** A message was thrown away, with the reason; for `--debug` and counters. Nothing needs to be done. */
  discarded(reason: WireReason): void;
}

/** The part of the interface that both roles share. `now` is monotonic milliseconds throughout. */
export interface PortSession {
  /** Feed one BINARY WebSocket message, whole. */
  receive(frame: Uint8Array, now: number): void;
  /**
   * Put up to `maxMessages` new stream messages (each at most 1024 payload bytes) out through `sink.frame` and tell how
   * many went. 0 means nothing to send, window full, publication paused or socket gone; `sink.sendable` tells when to
   * try again. Pacing is the driver's: `pump(now, 1)` each millisecond is the real agent's pace.
   */
  pump(now: number, maxMessages?: number): number;
  /** When `tick` wants to be called next, or undefined when there is nothing to wait for. Read it after each call in. */
  nextTickAt(): number | undefined;
  /** Resends, keep-alives and time-outs that are due. Early or late calls do no harm. */
  tick(now: number): void;
  /** The WebSocket is gone: nothing is put out until the next `connected`. Streams live on. */
  disconnected(now: number): void;
  /**
   * Offer bytes to a stream and learn how many were taken (0..length). Taken bytes are kept by reference until sent: do
   * not overwrite them. After a short answer offer the rest again when `sink.writable` comes. 0 for unknown streams.
   */
  write(stream: StreamId, bytes: Uint8Array): number;
  /** Close after everything written has been sent. Data still arriving before that is delivered. */
  end(stream: StreamId): void;
  /** Close at once: what is written but not sent, and what is received but not delivered, is thrown away. */
  abort(stream: StreamId): void;
  /** Keep data of this stream in the session instead of calling `sink.data` (bounded; see `sink.readPressure`). */
  pauseReading(stream: StreamId): void;
  /** Deliver what was kept, and go on. */
  resumeReading(stream: StreamId): void;
  /** Bytes of one stream that wait here; undefined for a stream that is not open. */
  waiting(stream: StreamId): StreamWaiting | undefined;
  /** Counters for progress, heartbeats and tests. */
  readonly stats: SessionStats;
}

/** Stream-payload counters of a session; bytes exclude the outer header, and resends. */
export interface SessionStats {
  readonly messagesSent: number;
  readonly messagesReceived: number;
  readonly messagesResent: number;
  /** Bytes handed to `write` and sent, and bytes delivered to `data`: the user's bytes, without smux headers. */
  readonly streamBytesSent: number;
  readonly streamBytesReceived: number;
  /** Messages sent and not yet acknowledged. */
  readonly unacknowledged: number;
  /** Open streams. */
  readonly streams: number;
  /** Smoothed round trip of acknowledgements, milliseconds. */
  readonly roundTripMs: number;
  /** The least round trip of late, milliseconds: the path without our own queue. 0 before the first acknowledgement. */
  readonly baseRoundTripMs: number;
  /** Messages that may be in flight now; moves with the delay of acknowledgements. */
  readonly windowMessages: number;
  /** Bytes written to streams and not yet sent for the first time. */
  readonly queuedBytes: number;
  /** Bytes received and kept for slow readers. */
  readonly keptBytes: number;
  /** Payload bytes received too early and kept until what is missing comes. */
  readonly earlyBytes: number;
}

/** What waits in a session for one stream, bytes. */
export interface StreamWaiting {
  /** Written, not yet sent for the first time. */
  readonly queuedBytes: number;
  /** Received, kept for its slow reader. */
  readonly keptBytes: number;
}

// ---------------------------------------------------------------------------------------------- the client's side

export interface ClientOptions {
  readonly environment: WireEnvironment;
  /** ClientVersion we claim. Decides what the agent does (smux from 1.1.70, no smux keep-alive above 1.2.331.0). */
  readonly clientVersion?: string;
  /** ClientId of the opening frame: one per process, kept over reconnects. Default: a fresh UUID. */
  readonly clientId?: string;
  /** Default {@link handshakeCompleteMs}. Counts from the first `connected`. */
  readonly handshakeTimeoutMs?: number;
}

/** Why a client's session is over. `output` is the text of the service or the agent, shown to the user as it is. */
export interface ClientEnd {
  readonly cause:
    | 'channel-closed' // the service ended it: TerminateSession, agent done, idle or duration timer
    | 'handshake-timeout' // the agent did not come or did not finish the handshake
    | 'handshake-refused' // the agent asked for something we cannot do (KMS encryption, an unknown session type)
    | 'not-a-port-session' // stream output without handshake: a shell
    | 'mux-malformed' // the multiplexed stream is broken beyond repair
    | 'unacknowledged' // data was not acknowledged in about five minutes
    | 'keep-alive'; // an agent that speaks smux keep-alive fell silent
  readonly output: string;
}

export interface ClientSink extends SessionSink {
  /** HandshakeComplete: streams may be opened now. */
  ready(info: ClientReady): void;
  /** The agent could not dial the destination for one of the streams (which one is not said; its `end` follows). */
  connectFailed(): void;
  /** The session is over; nothing follows. Streams are gone without an `end` each. */
  closed(end: ClientEnd): void;
}

export interface ClientReady {
  readonly mode: PortMode;
  readonly properties: PortProperties;
  readonly agentVersion: string;
  /** Text of the agent for the user; often empty. */
  readonly customerMessage: string;
}

export interface ClientSession extends PortSession {
  /** The WebSocket is open (first time, or again after `disconnected` with the token of ResumeSession). */
  connected(token: string, now: number): void;
  /**
   * A new local connection. Undefined before `ready`, after `closed`, when too many streams are open, and outside `mux`
   * when one is open already. Call `resumeReading` once its data can be taken: outside `mux` bytes may be waiting already.
   */
  open(): StreamId | undefined;
  /**
   * Ask the agent to end the session (flag 2), ahead of data not sent yet. Returns false when this agent is too old to know
   * it: call the TerminateSession API then (harmless to call in any case).
   */
  terminate(now: number): boolean;
}

// ---------------------------------------------------------------------------------------------- the agent's side

export interface AgentOptions {
  readonly environment: WireEnvironment;
  readonly sessionId: string;
  readonly instanceId: string;
  /** Document properties after substitution; `type` decides the mode together with the client's version. */
  readonly properties: PortProperties;
  /** Default 3.3.987.0. */
  readonly agentVersion?: string;
  /** Ask the client for KMS encryption (as a document with `kmsKeyId` does for other session types). Tests only so far. */
  readonly kmsKeyId?: string;
}

/** How the agent's session ended: the members of `agent_task_complete`. */
export interface AgentEnd {
  readonly status: 'Success' | 'Failed' | 'Cancelled';
  readonly output: string;
}

export interface AgentSink extends SessionSink {
  /** The handshake is complete. In `basic` and `standard-stream` a `dial` follows at once. */
  ready(info: { readonly mode: PortMode; readonly clientVersion: string }): void;
  /** Connect to the destination for this stream, then call `dialed` or `dialFailed`. Its data waits until then. */
  dial(stream: StreamId): void;
  /** The session is over (client's flag 2, channel_closed, failure). Send `agent_task_complete` with this. */
  finished(end: AgentEnd): void;
}

export interface AgentSession extends PortSession {
  /** The data channel's WebSocket is open: sends the opening text, `agent_session_state` and the HandshakeRequest. */
  connected(token: string, now: number): void;
  dialed(stream: StreamId): void;
  /**
   * The destination refused. `mux`: flag 3 and FIN, the session stays. Else the session fails with
   * `Unable to connect to specified port: <detail>`.
   */
  dialFailed(stream: StreamId, detail: string): void;
  /** End from the agent's side, for example a forbidden destination found after the handshake. Calls `sink.finished`. */
  finish(end: AgentEnd): void;
  /** True when everything sent was acknowledged; the real agent waits up to {@link lingerMs} for it before it leaves. */
  drained(): boolean;
}

/** Signature of `createClientSession`. */
export type CreateClientSession = (options: ClientOptions, sink: ClientSink) => ClientSession;
/** Signature of `createAgentSession`. */
export type CreateAgentSession = (options: AgentOptions, sink: AgentSink) => AgentSession;
