import { streamPayloadBytesMax } from '../limits.ts';
import { OutgoingBytes } from './byte-queue.ts';

/** A run of bytes of one payload type. */
interface Run {
  readonly payloadType: number;
  readonly bytes: OutgoingBytes;
}

/** Bytes of several payload types waiting to be sent, in the order in which they were written. */
export class OutgoingRuns {
  readonly #runs: Run[] = [];
  readonly #chunk = new Uint8Array(streamPayloadBytesMax);
  length = 0;

  push(payloadType: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.length += bytes.length;
    const tail = this.#runs.at(-1);
    // An exit status is one payload, whatever stands before it.
    if (tail?.payloadType === payloadType) tail.bytes.push(bytes);
    else {
      const run = { payloadType, bytes: new OutgoingBytes() };
      run.bytes.push(bytes);
      this.#runs.push(run);
    }
  }

  /** The next payload, of one type; a view that holds until the next call. Undefined when nothing waits. */
  take(): { readonly payloadType: number; readonly payload: Uint8Array } | undefined {
    const run = this.#runs[0];
    if (run === undefined) return undefined;
    const length = run.bytes.moveTo(this.#chunk, 0, this.#chunk.length);
    this.length -= length;
    if (run.bytes.length === 0) this.#runs.shift();
    return { payloadType: run.payloadType, payload: this.#chunk.subarray(0, length) };
  }

  clear(): void {
    this.#runs.length = 0;
    this.length = 0;
  }
}
