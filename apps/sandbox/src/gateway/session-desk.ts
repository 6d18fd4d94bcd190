import type { Caller } from '../principals/caller.ts';
import type { StoredDocument } from '../world/session-documents.ts';
import type { Instance } from '../world/world.ts';

/** What StartSession decided. */
export interface SessionOrder {
  readonly owner: Caller;
  readonly region: string;
  readonly instance: Instance;
  readonly document: StoredDocument;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly reason: string | undefined;
}

/** A session as DescribeSessions shows it. Times are Unix milliseconds. */
export interface SessionView {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly ownerArn: string;
  readonly target: string;
  readonly documentName: string;
  readonly reason: string | undefined;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  readonly longestMs: number | undefined;
  readonly state: 'Connected' | 'Terminated' | 'Failed';
}

/** The means to open a data channel. */
export interface ChannelTicket {
  readonly sessionId: string;
  readonly token: string;
  /** Path and query of the stream URL. */
  readonly streamPath: string;
}

/** What the SSM API asks of the message gateway. */
export interface SessionDesk {
  /** Begins a session and sends its agent to work. @throws AwsError when the instance takes no more. */
  start(order: SessionOrder): ChannelTicket;
  /** A fresh ticket, or undefined when the session is over or resuming is refused. */
  resume(sessionId: string): ChannelTicket | undefined;
  /** Ends a session; one that is over or unknown is left as it is. */
  terminate(sessionId: string): void;
  find(sessionId: string): SessionView | undefined;
  /** Live sessions and kept history, newest first. */
  list(): readonly SessionView[];
}
