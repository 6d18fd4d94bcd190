import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Timers } from '@sallyport/effects';
import { WebSocket } from 'ws';
import { limits } from '../limits.ts';
import type { ChannelEnd, Loss } from './channel-end.ts';

/** A client's WebSocket as an end of the relay. */
export class WebSocketEnd implements ChannelEnd {
  readonly #socket: WebSocket;
  readonly #raw: Duplex;
  readonly #onDrained: () => void;
  readonly #timers: Timers;
  #wasFull = false;
  /** Bytes sent into a black hole; undefined while there is none. */
  #swallowed: number | undefined;
  #corked = false;

  /** `raw` is the socket under the WebSocket. */
  constructor(socket: WebSocket, raw: Duplex, timers: Timers, onDrained: () => void) {
    this.#timers = timers;
    this.#socket = socket;
    this.#raw = raw;
    this.#onDrained = onDrained;
  }

  get full(): boolean {
    if (this.#swallowed !== undefined) return this.#swallowed > limits.socketHighWaterBytes;
    const full = this.#socket.bufferedAmount > limits.socketHighWaterBytes;
    this.#wasFull ||= full;
    return full;
  }

  frame(bytes: Uint8Array): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#swallowed !== undefined) {
      this.#swallowed += bytes.length;
      return;
    }
    this.#cork();
    this.#socket.send(bytes, () => {
      // Half the mark, so that the agent does not stop and go at every frame.
      if (!this.#wasFull || this.#socket.bufferedAmount > limits.socketHighWaterBytes / 2) return;
      this.#wasFull = false;
      this.#onDrained();
    });
  }

  /** Frames of one turn of the event loop leave together: a system call for each would cost more than the relay. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#raw.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#raw.uncork();
    });
  }

  hold(on: boolean): void {
    if (this.dark) return;
    if (on && !this.#socket.isPaused) this.#socket.pause();
    else if (!on && this.#socket.isPaused) this.#socket.resume();
  }

  close(code: number, reason: string): void {
    if (this.dark) return;
    // A paused socket would never read the answering close frame.
    this.hold(false);
    this.#socket.close(code, reason);
  }

  lose(how: Loss): void {
    if (how === 'dark') return this.#darken();
    // Under TLS there is no way to reset; a cut is the nearest.
    if (how === 'reset' && this.#raw instanceof Socket && !(this.#raw instanceof TLSSocket))
      this.#raw.resetAndDestroy();
    this.#socket.terminate();
  }

  /** True once a black hole took the socket: what is still read from it was never sent, as far as the peer can tell. */
  get dark(): boolean {
    return this.#swallowed !== undefined;
  }

  #darken(): void {
    if (this.dark || this.#socket.readyState !== WebSocket.OPEN) return;
    // Not read any more, so that nothing is answered; the peer's bytes stop at its own system's bounds.
    this.#socket.pause();
    this.#swallowed = 0;
    const timer = this.#timers.after(limits.darkMs, () => this.#socket.terminate());
    this.#socket.once('close', () => this.#timers.cancel(timer));
  }
}
