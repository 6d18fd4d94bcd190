/** One end of a data channel as the relay sees it: a WebSocket, or an agent in this process. */
export interface ChannelEnd {
  /** Sends one BINARY message. */
  frame(bytes: Uint8Array): void;
  /** Asks this end to stop sending, or to go on. */
  hold(on: boolean): void;
  /** True while this end takes no more without piling up. It calls {@link SsmSession.drained} when it does again. */
  readonly full: boolean;
  /** Ends the socket with a close frame. */
  close(code: number, reason: string): void;
  /** Loses the socket without one. */
  lose(how: Loss): void;
}

/**
 * How a socket is lost: `cut` (TCP ends), `reset` (TCP RST), `dark` (it stays, and nothing passes any more), `gone` (the
 * process behind it is no more and does not come back).
 */
export type Loss = 'cut' | 'reset' | 'dark' | 'gone';

export type Side = 'client' | 'agent';

/** The side across. */
export function across(side: Side): Side {
  return side === 'client' ? 'agent' : 'client';
}
