import type { KmsRequest } from '../channel/encryption-bodies.ts';
import type { SessionEncryption } from '../encryption/session-cipher.ts';
import type { WireEnvironment } from '../environment.ts';
import type { WireReason } from '../errors.ts';
import type { TerminalSize } from '../message/bodies.ts';
import type { AgentEnd } from './contract.ts';

/** The session types that run a program instead of carrying a port. */
export type ShellType = 'Standard_Stream' | 'InteractiveCommands' | 'NonInteractiveCommands';

/** Every session type that runs a program. */
export const shellTypes: readonly ShellType[] = [
  'Standard_Stream',
  'InteractiveCommands',
  'NonInteractiveCommands',
];

/** What both ends of a shell call back. The rules of `SessionSink` hold here too. */
export interface ShellSink {
  /** Send as one BINARY WebSocket message; the bytes stay owned by the session. */
  frame(bytes: Uint8Array): void;
  /** Send as one TEXT WebSocket message (the opening frame). Holds the token: never log it. */
  text(text: string): void;
  /** There is something for `pump` to send. */
  sendable(): void;
  /** True: the reader is slow, stop reading the WebSocket. False: go on. */
  readPressure(on: boolean): void;
  /** There is room again after a `write` that was not taken wholly. */
  writable(): void;
  /** A message was thrown away, with the reason. */
  discarded(reason: WireReason): void;
}

/** The part of the interface that both ends share. `now` is monotonic milliseconds throughout. */
export interface ShellSession {
  /** Feed one BINARY WebSocket message, whole. */
  receive(frame: Uint8Array, now: number): void;
  /** Put up to `maxMessages` stream messages out; tells how many went. See `PortSession.pump`. */
  pump(now: number, maxMessages?: number): number;
  nextTickAt(): number | undefined;
  tick(now: number): void;
  /** The WebSocket is gone: nothing is put out until the next `connected`. */
  disconnected(now: number): void;
  /** Offer bytes and learn how many were taken; these are kept by reference until sent. Before the session is ready they wait. */
  write(bytes: Uint8Array): number;
  /** Keep what arrives instead of handing it on (bounded; see `readPressure`). */
  pauseReading(): void;
  resumeReading(): void;
  readonly stats: ShellStats;
}

/** Counters of a shell; bytes are the user's, before encryption. */
export interface ShellStats {
  readonly messagesSent: number;
  readonly messagesReceived: number;
  readonly messagesResent: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly unacknowledged: number;
  readonly roundTripMs: number;
  readonly queuedBytes: number;
  readonly keptBytes: number;
  readonly earlyBytes: number;
}

// ---------------------------------------------------------------------------------------------- the client's side

export interface ClientShellOptions {
  readonly environment: WireEnvironment;
  readonly clientVersion?: string;
  readonly clientId?: string;
  /**
   * How long to wait for the first sign of the agent, milliseconds from the first `connected`; where it may be silent, for the end of a handshake that it
   * has begun.
   */
  readonly handshakeTimeoutMs?: number;
  /**
   * An interactive command without encryption: its agent says nothing before the command does, which may wait to be typed to. After a while the agent is told the size of
   * the terminal (see `resize`, without which this waits for ever); acknowledged, and with no handshake begun, the program counts as ready. Never where encryption is demanded.
   */
  readonly mayBeSilent?: boolean;
  /** Means of encryption. Without them an agent that asks for encryption is refused. */
  readonly encryption?: SessionEncryption;
  /** An agent that does not ask for encryption, or does not prove that it has the key, is refused: never plain. */
  readonly demandsEncryption?: boolean;
}

/** Why a client's shell is over. */
export interface ClientShellEnd {
  readonly cause:
    | 'channel-closed' // the program ended, TerminateSession, idle or duration timer; `output` is the service's text
    | 'handshake-timeout' // the agent did not come or did not finish the handshake
    | 'handshake-refused' // the agent asked for something we cannot do
    | 'not-a-shell' // the session is of another type
    | 'encryption-demanded' // we demand encryption, the agent goes on without
    | 'session-key-denied' // KMS gave us no data key; `output` says why
    | 'not-authentic' // an encrypted payload did not open with the session's key
    | 'unacknowledged'; // data was not acknowledged in about five minutes
  readonly output: string;
}

export interface ClientShellReady {
  /** Undefined without a handshake: a shell or an interactive command, the wire does not say which. */
  readonly type: ShellType | undefined;
  /** '' without a handshake. */
  readonly agentVersion: string;
  /** Everything the program reads and writes is encrypted with a data key of KMS. */
  readonly encrypted: boolean;
  readonly customerMessage: string;
}

export interface ClientShellSink extends ShellSink {
  /** The agent asks for encryption: get a data key of 64 bytes under this key, then call `dataKey` or `dataKeyDenied`. */
  dataKeyWanted(request: KmsRequest): void;
  /** The program runs. */
  ready(info: ClientShellReady): void;
  /** What the program writes; views into the received frame. */
  output(bytes: Uint8Array): void;
  /** Standard error, where the document separates it. */
  errorOutput(bytes: Uint8Array): void;
  /** The program's exit status, where the document separates the streams. `closed` follows. */
  exit(code: number): void;
  /** The session is over; nothing follows. */
  closed(end: ClientShellEnd): void;
}

export interface ClientShell extends ShellSession {
  /** The WebSocket is open (first time, or again with the token of ResumeSession). */
  connected(token: string, now: number): void;
  /** The terminal has this size now; only the latest is sent. */
  resize(size: TerminalSize, now: number): void;
  /** The answer to `dataKeyWanted`; `plaintext` has 64 bytes (RangeError otherwise). */
  dataKey(key: { readonly plaintext: Uint8Array; readonly ciphertext: Uint8Array }, now: number): void;
  /** KMS gave no key: tells the agent and ends with `session-key-denied`. */
  dataKeyDenied(detail: string, now: number): void;
  /** Ends here, without a word to the agent (it knows none): call the TerminateSession API beside it. */
  end(): void;
}

// ---------------------------------------------------------------------------------------------- the agent's side

export interface AgentShellOptions {
  readonly environment: WireEnvironment;
  readonly sessionId: string;
  readonly instanceId: string;
  readonly type: ShellType;
  /** Standard error and the exit status travel apart (NonInteractiveCommands with `separateOutputStream`). */
  readonly separateOutput?: boolean;
  readonly agentVersion?: string;
  /** Demand encryption under this key. `requiresAcknowledgement`: refuse a client that does not take up the challenge. */
  readonly kms?: SessionEncryption & { readonly keyId: string; readonly requiresAcknowledgement?: boolean };
}

export interface AgentShellSink extends ShellSink {
  /** Decrypt the client's data key, then call `dataKey` or `dataKeyDenied`. `challenge` belongs into the context when given. */
  decryptWanted(request: { readonly ciphertext: Uint8Array; readonly challenge: string | undefined }): void;
  /** Start the program. `clientVersion` is undefined where there was no handshake. */
  ready(info: { readonly clientVersion: string | undefined }): void;
  /** The terminal's new size. */
  resized(size: TerminalSize): void;
  /** What the user typed. */
  data(bytes: Uint8Array): void;
  /** The session is over: leave the data channel, send `agent_task_complete`. */
  finished(end: AgentEnd): void;
}

export interface AgentShell extends ShellSession {
  connected(token: string, now: number): void;
  /** Standard error of the program, with `separateOutput`; without it the same as `write`. */
  writeError(bytes: Uint8Array): number;
  dataKey(plaintext: Uint8Array, now: number): void;
  dataKeyDenied(detail: string): void;
  /**
   * The program ended. What was written still goes out and is waited for while acknowledgements come (at most {@link lingerMs} after
   * the last), then the gateway is told `Terminating` and `finished` comes.
   */
  exited(code: number, now: number): void;
  /** Ends at once, for example because the account does not exist. */
  finish(end: AgentEnd): void;
}
