import type { RecordingSink } from '../recording-writer.ts';
import { joined } from '../shown-text.ts';

/** Keeps a recording in memory; can be made to fail. */
export class MemorySink implements RecordingSink {
  beside: { readonly bytes: Uint8Array; readonly chunks: number } | null = null;
  readonly #pieces: Uint8Array[] = [];
  readonly #failures = new Map<keyof RecordingSink, Error>();

  get file(): Uint8Array {
    return joined(...this.#pieces);
  }

  fail(call: keyof RecordingSink, error: Error): void {
    this.#failures.set(call, error);
  }

  async append(bytes: Uint8Array): Promise<void> {
    const failure = this.#failures.get('append');
    if (failure) throw failure;
    this.#pieces.push(Uint8Array.from(bytes));
  }

  async keepBeside(bytes: Uint8Array | null, chunks: number): Promise<void> {
    const failure = this.#failures.get('keepBeside');
    if (failure) throw failure;
    this.beside = bytes && { bytes, chunks };
  }

  /** Nothing has come for a turn of the event loop. */
  async settled(): Promise<void> {
    for (let length = -1; length !== this.#pieces.length;) {
      length = this.#pieces.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
