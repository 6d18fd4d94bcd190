import { Duplex } from 'node:stream';
import type { MuxStream, StreamEvents } from '@sallyport/agent-protocol';
import { Problem } from '@sallyport/problems';

/** Read ahead of the program behind it; more stays on the far side of the link. */
const aheadBytes = 64 * 1024;

/**
 * A conversation of the link as a stream of Node: half-open, with back-pressure both ways. Destroying it before both ends said all resets the far
 * side; a reset from there destroys it with the Problem that tells why.
 */
export class StreamDuplex extends Duplex {
  /** What the conversation tells. */
  readonly events: StreamEvents;
  /** Hears what arrives in place of the event `data`, past the queues of Node, as long as it flows and nothing waits to be read. */
  heard: ((bytes: Uint8Array) => void) | undefined;
  #stream: MuxStream | undefined;
  #written: (() => void) | undefined;
  /** Handed to the reader's buffer, and confirmed when that is read. */
  #unread = 0;
  #peerEnded = false;
  #broken = false;
  /** The link has enough, and whoever says something waits for `drain`. */
  #full = false;

  /** `stream` may be given later, by {@link join}. */
  constructor(stream?: MuxStream) {
    super({ allowHalfOpen: true, readableHighWaterMark: aheadBytes, writableHighWaterMark: aheadBytes });
    this.#stream = stream;
    // A reset that nobody listens to is an end like others, not a reason to end the program.
    this.on('error', () => undefined);
    this.events = {
      data: (bytes) => this.#data(bytes),
      end: () => {
        this.#peerEnded = true;
        this.push(null);
      },
      reset: (code) => {
        this.#broken = true;
        this.destroy(new Problem(code));
      },
      writable: () => {
        const written = this.#written;
        this.#written = undefined;
        written?.();
        if (!this.#full) return;
        this.#full = false;
        this.emit('drain');
      },
    };
  }

  /** The conversation that it is the end of; given before anything is told. */
  join(stream: MuxStream): void {
    this.#stream = stream;
  }

  /** Writes past the queues of Node, in order with what was written before. The piece may be lent: the link gives it back. False: wait for `drain`. */
  say(piece: Uint8Array): boolean {
    const stream = this.#stream;
    if (stream === undefined || this.writableLength > 0) return this.write(piece);
    const going = stream.write(piece);
    if (!going) this.#full = true;
    return going;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#say([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#say(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream?.end();
    done();
  }

  override _read(): void {
    const unread = this.#unread;
    this.#unread = 0;
    if (unread > 0) this.#stream?.consumed(unread);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#broken && !(this.#peerEnded && this.writableFinished)) this.#stream?.reset();
    this.#written = undefined;
    done(error);
  }

  #say(chunks: readonly Buffer[], done: () => void): void {
    let go = true;
    for (const chunk of chunks) go = this.#stream?.write(chunk) ?? true;
    if (go) done();
    else this.#written = done;
  }

  #data(bytes: Uint8Array): void {
    if (this.destroyed) return;
    const { heard } = this;
    if (heard !== undefined && this.readableFlowing === true && this.readableLength === 0) {
      heard(bytes);
      this.#stream?.consumed(bytes.length);
      return;
    }
    const read = this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (read) this.#stream?.consumed(bytes.length);
    else this.#unread += bytes.length;
  }
}
