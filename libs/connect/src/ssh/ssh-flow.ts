import { Duplex } from 'node:stream';
import type { SshChannel } from './ssh-library.ts';
import type { SendQueue } from './send-queue.ts';

/**
 * One conversation as a stream: half-open, with back-pressure both ways. SSH has no reset: destroying it closes the channel, upon which sshd closes its
 * connection; and a destination that resets looks like one that ends.
 */
export class SshFlow extends Duplex {
  readonly #channel: SshChannel;
  readonly #queue: SendQueue;
  readonly #moved: (bytes: { up: number; down: number }) => void;
  #closed = false;

  constructor(
    channel: SshChannel,
    queue: SendQueue,
    moved: (bytes: { up: number; down: number }) => void = () => undefined,
  ) {
    super({ allowHalfOpen: true, highWaterMark: 64 * 1024 });
    this.#channel = channel;
    this.#queue = queue;
    this.#moved = moved;
    channel.on('data', (bytes: Buffer) => {
      this.#moved({ up: 0, down: bytes.length });
      if (!this.push(bytes)) channel.pause();
    });
    channel.on('end', () => this.push(null));
    channel.on('error', (error: Error) => this.destroy(error));
    channel.on('close', () => {
      this.#closed = true;
      if (!this.readableEnded) this.push(null);
      // Nothing that is written from now on arrives anywhere.
      if (!this.writableFinished) this.destroy(this.readableEnded ? undefined : reset());
    });
    // A conversation that breaks while nobody listens is no reason to end the process.
    this.on('error', () => undefined);
    // What arrives waits in the channel until somebody reads.
    channel.pause();
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#closed) return done(reset());
    this.#moved({ up: chunk.length, down: 0 });
    this.#queue.send(this.#channel, chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#closed) this.#channel.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#queue.forget(this.#channel);
    if (!this.#closed) this.#channel.close();
    this.#channel.resume();
    done(error);
  }
}

/** What the socket of a connection that is gone would say. */
export function reset(): NodeJS.ErrnoException {
  return Object.assign(new Error('The connection to the gateway is gone.'), { code: 'ECONNRESET' });
}
