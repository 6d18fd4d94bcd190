import { Duplex, type Readable, type Writable } from 'node:stream';

/**
 * Standard input and output as one connection. What is written here is in standard output's hands at once: nothing of it is lost when the connection breaks
 * afterwards.
 */
export class StandardStreams extends Duplex {
  readonly #from: Readable;
  readonly #to: Writable;
  readonly #given = (bytes: Buffer) => {
    if (!this.push(bytes)) this.#from.pause();
  };
  readonly #ended = () => void this.push(null);
  /** Standard output is to tell when it takes more. */
  #full = false;

  constructor(from: Readable, to: Writable) {
    super({ allowHalfOpen: true });
    this.#from = from;
    this.#to = to;
    from.on('data', this.#given);
    from.once('end', this.#ended);
    from.pause();
    // Whoever read it has left.
    to.once('error', () => this.destroy());
  }

  override _read(): void {
    this.#from.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#to.destroyed || this.#to.write(bytes)) return done();
    done();
    if (this.#full) return;
    this.#full = true;
    this.#to.once('drain', () => {
      this.#full = false;
      this.emit('drain');
    });
  }

  override write(bytes: Uint8Array): boolean {
    // Copied: a view of what arrived, which the stream may keep.
    super.write(Buffer.from(bytes));
    return !this.#to.writableNeedDrain;
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#from.off('data', this.#given);
    this.#from.off('end', this.#ended);
    this.#from.pause();
    done(error);
  }
}
