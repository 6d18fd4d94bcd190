import type { Duplex, Writable } from 'node:stream';

/** What one flow may put into the connection before the next one has its turn. */
const sliceBytes = 16 * 1024;

interface Waiting {
  readonly channel: Writable;
  rest: Buffer;
  readonly done: (error?: Error | null) => void;
}

/**
 * The one queue into an SSH connection. The library writes into the connection whatever a channel's window admits, two megabytes each; a key pressed would
 * wait behind them. Here a flow gets a slice at a time, in turns, and only while the connection below has taken what was given before.
 */
export class SendQueue {
  readonly #below: Duplex;
  readonly #waiting: Waiting[] = [];

  constructor(below: Duplex) {
    this.#below = below;
    below.on('drain', () => this.#serve());
  }

  /** Bytes that wait, below and here. */
  get backlog(): number {
    return this.#waiting.reduce((sum, { rest }) => sum + rest.length, this.#below.writableLength);
  }

  /** Sends bytes over a channel; `done` is called when all are given to it. A channel sends one chunk at a time. */
  send(channel: Writable, bytes: Buffer, done: (error?: Error | null) => void): void {
    this.#waiting.push({ channel, rest: bytes, done });
    if (this.#waiting.length === 1) this.#serve();
  }

  /** Drops what waits for a channel that is closed. */
  forget(channel: Writable): void {
    const at = this.#waiting.findIndex((waiting) => waiting.channel === channel);
    if (at >= 0) this.#waiting.splice(at, 1)[0]?.done();
  }

  #serve(): void {
    while (this.#waiting.length > 0 && !this.#below.writableNeedDrain) {
      const next = this.#waiting.shift();
      if (!next) return;
      const slice = next.rest.subarray(0, sliceBytes);
      next.rest = next.rest.subarray(slice.length);
      // The channel calls back at once while its window is open, and otherwise when the far side has read.
      next.channel.write(slice, (error) => {
        if (error || next.rest.length === 0) return next.done(error);
        this.#waiting.push(next);
        this.#serve();
      });
    }
  }
}
