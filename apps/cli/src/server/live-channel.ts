import type { Effects, TimerHandle } from '@sallyport/effects';
import type WebSocket from 'ws';
import type { Debug } from '../output/debug.ts';
import type { Server } from './server.ts';

/** "Something changed": the reader fetches the state itself. */
export interface Hint {
  readonly topic: 'hello' | 'access-request' | 'grant' | 'session' | 'audit' | 'resource';
  readonly id: string;
}

export interface LiveChannelOptions {
  readonly server: Server;
  readonly effects: Effects;
  readonly debug: Debug;
}

const firstRetryMs = 500;
const longestRetryMs = 15_000;
/** While the channel is down, waiting readers look for themselves this often. */
const pollWhileDownMs = 2_000;
/** The server pings more often than this; longer silence means that the connection is dead. */
const silenceMaxMs = 60_000;

/**
 * The live channel of the control plane (`/api/live`). Hints may be lost, so every waiting reader also polls; the
 * channel only makes it quick. Connects again by itself until closed.
 */
export class LiveChannel {
  readonly #options: LiveChannelOptions;
  readonly #listeners = new Set<(hint: Hint) => void>();
  #socket: WebSocket | undefined;
  #open = false;
  #closed = false;
  #retryMs = firstRetryMs;
  #retry: TimerHandle | undefined;
  #silence: TimerHandle | undefined;

  constructor(options: LiveChannelOptions) {
    this.#options = options;
    void this.#connect();
  }

  /** Whether hints arrive at the moment. */
  get isOpen(): boolean {
    return this.#open;
  }

  onHint(listener: (hint: Hint) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves at the next fitting hint, or after `pollMs` at the latest (sooner while the channel is down). */
  async changed(fits: (hint: Hint) => boolean, pollMs: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const stop = this.onHint((hint) => fits(hint) && woken.abort());
    try {
      const patience = this.#open ? pollMs : Math.min(pollMs, pollWhileDownMs);
      await this.#options.effects.timers.wait(patience, AbortSignal.any([woken.signal, signal]));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!woken.signal.aborted) throw error;
    } finally {
      stop();
    }
  }

  close(): void {
    this.#closed = true;
    const { timers } = this.#options.effects;
    for (const timer of [this.#retry, this.#silence]) if (timer) timers.cancel(timer);
    this.#socket?.terminate();
    this.#listeners.clear();
  }

  async #connect(): Promise<void> {
    const { server, debug } = this.#options;
    const { WebSocket } = await import('ws');
    const { agentThrough, proxiesOf } = await import('@sallyport/connect/proxy');
    const url = server.url('/live');
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    // An address of a proxy that cannot be read was told by the first request; here polling goes on without hints.
    const agent = await agentThrough(proxiesOf(server.env), url).catch(() => undefined);
    if (this.#closed) return;
    const socket = new WebSocket(url, {
      headers: server.credentials,
      agent,
      maxPayload: 64 * 1024,
      perMessageDeflate: false,
      followRedirects: false,
      handshakeTimeout: 10_000,
    });
    this.#socket = socket;
    socket.on('open', () => {
      debug('live', { state: 'open' });
      this.#open = true;
      this.#retryMs = firstRetryMs;
      this.#heard();
    });
    socket.on('ping', () => this.#heard());
    socket.on('message', (data, isBinary) => {
      this.#heard();
      if (!isBinary && Buffer.isBuffer(data)) this.#receive(data.toString('utf8'));
    });
    // `close` follows; the server's reasons do not matter, polling goes on and tells real refusals.
    socket.on('error', (error) => debug('live', { state: 'error', reason: error.name }));
    socket.on('close', (code) => {
      debug('live', { state: 'closed', code });
      this.#open = false;
      this.#again();
    });
  }

  #receive(text: string): void {
    let hint: Hint;
    try {
      hint = JSON.parse(text) as Hint;
    } catch (error) {
      return this.#options.debug('live', { state: 'malformed', reason: (error as Error).name });
    }
    if (typeof hint?.topic !== 'string' || typeof hint.id !== 'string') return;
    this.#options.debug('live', { topic: hint.topic, id: hint.id });
    for (const listener of this.#listeners) listener(hint);
  }

  #heard(): void {
    const { timers } = this.#options.effects;
    if (this.#silence) timers.cancel(this.#silence);
    this.#silence = timers.after(silenceMaxMs, () => this.#socket?.terminate());
  }

  #again(): void {
    const { timers, random } = this.#options.effects;
    if (this.#silence) timers.cancel(this.#silence);
    if (this.#closed) return;
    this.#retry = timers.after(this.#retryMs * (0.75 + random.fraction() / 2), () => void this.#connect());
    this.#retryMs = Math.min(longestRetryMs, this.#retryMs * 2);
  }
}
