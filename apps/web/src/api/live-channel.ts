import type { Timers, TimerHandle } from '@sallyport/effects';
import type { LiveHint } from './contract.ts';

/** How the page stands to the live channel. `closed` is final: the person is signed out. */
export type LiveState = 'connecting' | 'open' | 'waiting' | 'closed';

/** What a connection tells the channel. */
export interface SocketEvents {
  opened: () => void;
  received: (data: unknown) => void;
  closed: (code: number) => void;
}

/** A connection that can be closed. */
export interface LiveSocket {
  close(): void;
}

export interface LiveChannelParts {
  /** Opens a connection to `/api/live`. The cookie and the Origin go with it; no token stands in the address. */
  openSocket: (events: SocketEvents) => LiveSocket;
  timers: Pick<Timers, 'after' | 'cancel'>;
  /** Chance in [0, 1), to spread the reconnects of many pages. */
  fraction: () => number;
  onHint: (hint: LiveHint) => void;
  onState: (state: LiveState) => void;
  /** The role or the session behind the cookie has changed; who one is must be read again. */
  onIdentityChanged: () => void;
}

const firstDelayMs = 500;
const longestDelayMs = 15_000;
const signedOut = 4401;
const roleLost = 4403;

/** Delay before the reconnect after `failures` failures in a row: doubling, bounded, the upper half by chance. */
export function reconnectDelayMs(failures: number, fraction: number): number {
  const ceiling = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(failures, 10));
  return Math.round(ceiling / 2 + (ceiling / 2) * fraction);
}

function hintFrom(data: unknown): LiveHint | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const hint = JSON.parse(data) as Partial<LiveHint> | null;
    return typeof hint?.topic === 'string' && typeof hint.id === 'string' ? (hint as LiveHint) : undefined;
  } catch {
    // A frame that is not JSON is no hint; polling behind the channel covers whatever it meant.
    return undefined;
  }
}

/** Keeps one connection to the live channel, reconnecting with back-off until it is stopped or signed out. */
export class LiveChannel {
  private readonly parts: LiveChannelParts;
  private socket: LiveSocket | undefined;
  private retry: TimerHandle | undefined;
  private failures = 0;
  private stopped = false;

  constructor(parts: LiveChannelParts) {
    this.parts = parts;
  }

  start(): void {
    if (this.stopped || this.socket) return;
    this.cancelRetry();
    this.parts.onState('connecting');
    const socket: LiveSocket = this.parts.openSocket({
      opened: () => {
        this.failures = 0;
        this.parts.onState('open');
      },
      received: (data) => {
        const hint = hintFrom(data);
        if (hint && this.socket === socket) this.parts.onHint(hint);
      },
      closed: (code) => {
        if (this.socket === socket) this.closed(code);
      },
    });
    this.socket = socket;
  }

  /** Tries at once when a reconnect is pending, for example because the browser is online again. */
  hurry(): void {
    if (this.retry) this.start();
  }

  stop(): void {
    this.stopped = true;
    this.cancelRetry();
    const { socket } = this;
    this.socket = undefined;
    socket?.close();
  }

  private closed(code: number): void {
    this.socket = undefined;
    if (this.stopped) return;
    if (code === signedOut) {
      this.stopped = true;
      this.parts.onState('closed');
      this.parts.onIdentityChanged();
      return;
    }
    if (code === roleLost) this.parts.onIdentityChanged();
    this.parts.onState('waiting');
    const delay = reconnectDelayMs(this.failures, this.parts.fraction());
    this.failures += 1;
    this.retry = this.parts.timers.after(delay, () => this.start());
  }

  private cancelRetry(): void {
    if (this.retry) this.parts.timers.cancel(this.retry);
    this.retry = undefined;
  }
}
