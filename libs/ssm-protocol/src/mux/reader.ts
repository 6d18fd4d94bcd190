import type { WireReason } from '../errors.ts';
import { readLength, readStream, smuxCommands, smuxHeaderBytes, type SmuxCommand } from './frame.ts';

/** What the reader calls. `data` may come in several pieces per frame; a stream's bytes have no frame borders. */
export interface SmuxReaderSink {
  command(command: Exclude<SmuxCommand, 2>, stream: number): void;
  data(stream: number, bytes: Uint8Array): void;
}

/**
 * Reads a smux byte stream in whatever pieces it comes. Data is handed on as views at once, so that the reader never holds
 * more than an unfinished 8-byte header, however large the lengths that a hostile peer claims.
 */
export class SmuxReader {
  readonly #sink: SmuxReaderSink;
  readonly #header = new Uint8Array(smuxHeaderBytes);
  #headerHave = 0;
  #dataLeft = 0;
  #stream = 0;

  constructor(sink: SmuxReaderSink) {
    this.#sink = sink;
  }

  /** Feeds bytes. A reason means that the stream is broken for good; feed nothing more then. */
  push(bytes: Uint8Array): WireReason | undefined {
    let at = 0;
    while (at < bytes.length) {
      if (this.#dataLeft > 0) {
        const end = Math.min(bytes.length, at + this.#dataLeft);
        this.#dataLeft -= end - at;
        this.#sink.data(this.#stream, bytes.subarray(at, end));
        at = end;
      } else if (this.#headerHave === 0 && bytes.length - at >= smuxHeaderBytes) {
        const malformed = this.#take(bytes, at);
        if (malformed !== undefined) return malformed;
        at += smuxHeaderBytes;
      } else {
        // A header in pieces: version and command are judged as soon as they are there.
        this.#header[this.#headerHave] = bytes[at]!;
        this.#headerHave += 1;
        at += 1;
        if (this.#headerHave === 1 && this.#header[0] !== 1) return 'SMUX_VERSION_UNKNOWN';
        if (this.#headerHave === 2 && this.#header[1]! > smuxCommands.nop) return 'SMUX_COMMAND_UNKNOWN';
        if (this.#headerHave < smuxHeaderBytes) continue;
        this.#headerHave = 0;
        const malformed = this.#take(this.#header, 0);
        if (malformed !== undefined) return malformed;
      }
    }
    return undefined;
  }

  #take(header: Uint8Array, at: number): WireReason | undefined {
    if (header[at] !== 1) return 'SMUX_VERSION_UNKNOWN';
    const command = header[at + 1]!;
    if (command > smuxCommands.nop) return 'SMUX_COMMAND_UNKNOWN';
    const length = readLength(header, at);
    const stream = readStream(header, at);
    if (command === smuxCommands.psh) {
      this.#dataLeft = length;
      this.#stream = stream;
      return undefined;
    }
    if (length !== 0) return 'SMUX_LENGTH_UNEXPECTED';
    this.#sink.command(command as Exclude<SmuxCommand, 2>, stream);
    return undefined;
  }
}
