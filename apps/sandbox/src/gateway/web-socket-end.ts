import { WebSocket } from 'ws';
import { limits } from '../limits.ts';
import type { ChannelEnd } from './channel-end.ts';

/** A client's WebSocket as an end of the relay. */
export class WebSocketEnd implements ChannelEnd {
  readonly #socket: WebSocket;
  readonly #onDrained: () => void;
  #wasFull = false;

  constructor(socket: WebSocket, onDrained: () => void) {
    this.#socket = socket;
    this.#onDrained = onDrained;
  }

  get full(): boolean {
    const full = this.#socket.bufferedAmount > limits.socketHighWaterBytes;
    this.#wasFull ||= full;
    return full;
  }

  frame(bytes: Uint8Array): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(bytes, () => {
      // Half the mark, so that the agent does not stop and go at every frame.
      if (!this.#wasFull || this.#socket.bufferedAmount > limits.socketHighWaterBytes / 2) return;
      this.#wasFull = false;
      this.#onDrained();
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
