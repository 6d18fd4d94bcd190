import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { limits } from '../limits.ts';
import type { ChannelEnd } from './channel-end.ts';

/** A client's WebSocket as an end of the relay. */
export class WebSocketEnd implements ChannelEnd {
  readonly #socket: WebSocket;
  readonly #raw: Duplex;
  readonly #onDrained: () => void;
  #wasFull = false;
  #corked = false;

  /** `raw` is the socket under the WebSocket. */
  constructor(socket: WebSocket, raw: Duplex, onDrained: () => void) {
    this.#socket = socket;
    this.#raw = raw;
    this.#onDrained = onDrained;
  }

  get full(): boolean {
    const full = this.#socket.bufferedAmount > limits.socketHighWaterBytes;
    this.#wasFull ||= full;
    return full;
  }

  frame(bytes: Uint8Array): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
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
    if (on && !this.#socket.isPaused) this.#socket.pause();
    else if (!on && this.#socket.isPaused) this.#socket.resume();
  }

  close(code: number, reason: string): void {
    // A paused socket would never read the answering close frame.
    this.hold(false);
    this.#socket.close(code, reason);
  }

  cut(): void {
    this.#socket.terminate();
  }
}
