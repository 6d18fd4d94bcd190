import { Duplex, type DuplexOptions } from 'node:stream';

/** One end of a pair: what is written here is read there, at the pace of the reader, half-open. */
class PairEnd extends Duplex {
  other: PairEnd | undefined;
  /** The write that waits until the other end is read. */
  #taken: (() => void) | undefined;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const { other } = this;
    // The other end said its last word and left: what comes late is for nobody, and no reason to lose that word.
    if (!other || other.push(chunk)) return done();
    this.#taken = done;
  }

  /** What was written together arrives together: a header does not travel alone. */
  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.other?.push(null);
    done();
  }

  override _read(): void {
    this.other?.taken();
  }

  taken(): void {
    const done = this.#taken;
    this.#taken = undefined;
    done?.();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { other } = this;
    this.other = undefined;
    if (other) {
      other.other = undefined;
      other.taken();
      if (error || !this.writableFinished) process.nextTick(() => other.destroy(reset()));
    }
    done(error);
    this.taken();
  }
}

/**
 * Two streams that are each other's far side, inside this process: what a library takes for a connection at one end, what a tunnel carries at the other. An end that is destroyed
 * before its last word (`end`) resets the other with ECONNRESET; after it, what it had said can still be read.
 */
export function duplexPair({ highWaterMark = 64 * 1024 }: Pick<DuplexOptions, 'highWaterMark'> = {}): [
  Duplex,
  Duplex,
] {
  const options = { allowHalfOpen: true, highWaterMark };
  const [near, far] = [new PairEnd(options), new PairEnd(options)];
  near.other = far;
  far.other = near;
  return [near, far];
}

function reset(): NodeJS.ErrnoException {
  return Object.assign(new Error('The other end is gone.'), { code: 'ECONNRESET' });
}
