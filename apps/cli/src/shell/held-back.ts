import type { Writable } from 'node:stream';

/** Holds a source back while anybody who takes from it cannot take more. */
export class HeldBack {
  readonly #pause: () => void;
  readonly #resume: () => void;
  readonly #holders = new Set<object>();

  constructor(pause: () => void, resume: () => void) {
    this.#pause = pause;
    this.#resume = resume;
  }

  hold(by: object): void {
    this.#holders.add(by);
    this.#pause();
  }

  release(by: object): void {
    this.#holders.delete(by);
    if (this.#holders.size === 0) this.#resume();
  }

  /** Writes, and holds back until the stream takes more. What comes before the source has stopped waits for the same. */
  write(stream: Writable, bytes: Uint8Array): void {
    if (stream.write(bytes) || this.#holders.has(stream)) return;
    this.hold(stream);
    stream.once('drain', () => this.release(stream));
  }
}
