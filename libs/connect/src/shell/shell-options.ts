import type { TerminalSize } from '@sallyport/ssm-protocol';
import type { Lease } from '../control-plane.ts';
import type { EndpointRules } from '../endpoint.ts';
import type { TunnelEnd } from '../tunnel-end.ts';
import type { LossReason, TunnelPorts } from '../tunnel-options.ts';
import type { SessionKeys } from './session-keys.ts';

/** What a shell is opened for: a terminal with a shell, a command in a terminal, or a command without. */
export type ShellPurpose = Extract<Lease['purpose'], 'shell' | 'interactive' | 'command'>;

export interface ShellOptions {
  readonly grantId: string;
  readonly purpose: ShellPurpose;
  /** Name of the command, where the resource lists its commands. */
  readonly command?: string;
  /** The command line, where the resource takes any. */
  readonly commandLine?: string;
  /** Size of the terminal; left out, the far side assumes one. */
  readonly size?: TerminalSize;
  readonly clientVersion: string;
  readonly rules: EndpointRules;
  /** Whatever key the instance names is asked for: nobody else has named one. Left out, only the lease's. */
  readonly anyKey?: boolean;
  /** Nobody has told what runs, and it may say nothing for as long as it likes. Left out, only a program of which the lease says so may. */
  readonly mayBeSilent?: boolean;
}

export interface ShellPorts extends TunnelPorts {
  readonly keys: SessionKeys;
  /** Left out, a session that is to be recorded is refused (SESSION_RECORDING_UNAVAILABLE). */
  readonly recorder?: SessionRecorder;
}

/** Records what a session shows, where its lease demands it. */
export interface SessionRecorder {
  /** Begins a recording for these auditors, before anything is opened; what it throws refuses the session. */
  begin(recipients: readonly string[]): Promise<void>;
  /** The session stands in the control plane under this id. */
  opened(sessionId: string): void;
}

/** How a shell ended. */
export interface ShellEnd extends TunnelEnd {
  /** The exit status of a command without a terminal; null where none was told. */
  readonly exitCode: number | null;
}

export interface ShellEvents {
  /** What the program shows. Use or copy the bytes before returning. */
  output(bytes: Uint8Array): void;
  /** Standard error of a command without a terminal. */
  errorOutput(bytes: Uint8Array): void;
  /** More of what is typed is taken, after a `write` that was not taken wholly. */
  writable?(): void;
  /** The far side speaks: the program runs. `encrypted`: by a data key of KMS. */
  ready?(info: {
    readonly encrypted: boolean;
    readonly agentVersion: string;
    /** Text of the agent for the person; often empty. */
    readonly customerMessage: string;
  }): void;
  /** The grant ends in this many seconds (600, 300, 60). */
  warning?(secondsLeft: number): void;
  /** The connection is gone, the grant stands: getting it back begins. */
  reconnecting?(reason: LossReason): void;
  /** It goes on where it was. */
  recovered?(afterMs: number): void;
}
