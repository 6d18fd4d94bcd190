import { Problem } from '@sallyport/problems';
import { Encrypter } from 'age-encryption';
import { castLine, headLine, type CastHead } from './cast.ts';
import { isRecipient } from './keys.ts';
import { chunkBytes, sealedChunkBytes } from './sealed-form.ts';
import { joined, ShownText } from './shown-text.ts';

/** Where the encrypted bytes go. Calls come one after the other. */
export interface RecordingSink {
  append(bytes: Uint8Array): Promise<void>;
  /**
   * Keeps this encrypted file beside the recording, in place of the one before; null: none any more. It holds what came after the first `chunks` whole chunks: joined to
   * those it can be read, should the writer die.
   */
  keepBeside(tail: Uint8Array | null, chunks: number): Promise<void>;
}

/** An event is no longer than this, so that a line is bounded for whoever reads it. */
const outputBytesMax = 32 * 1024;
const encoder = new TextEncoder();

/**
 * Writes what a terminal shows, encrypted to the auditors: whole chunks as they come, and, at each {@link checkpoint}, what is in no whole chunk yet. The plain text and the key of
 * the file are in memory alone.
 */
export class RecordingWriter {
  /** Resolves, once, when the sink has failed: from then on nothing is recorded. */
  readonly failed: Promise<Error>;
  readonly #recipients: readonly string[];
  readonly #sink: RecordingSink;
  readonly #text = new ShownText();
  readonly #input = new TransformStream<Uint8Array, Uint8Array>();
  readonly #writer = this.#input.writable.getWriter();
  #fail: (error: Error) => void = () => undefined;
  #error: Error | undefined;
  #pumped: Promise<void> = Promise.resolve();
  #turn: Promise<void> = Promise.resolve();
  /** Plain bytes that are in no appended chunk. */
  #open: Uint8Array[] = [];
  #openBytes = 0;
  #chunks = 0;
  #dirty = false;
  #beside = false;
  #atMs = 0;
  #ended = false;

  private constructor(recipients: readonly string[], sink: RecordingSink) {
    this.#recipients = recipients;
    this.#sink = sink;
    this.failed = new Promise((resolve) => (this.#fail = resolve));
  }

  /** Begins one (RECORDING_RECIPIENT_INVALID). Resolves when its header was appended; what the sink throws is thrown. */
  static async begin(
    recipients: readonly string[],
    head: CastHead,
    sink: RecordingSink,
  ): Promise<RecordingWriter> {
    if (recipients.length === 0 || !recipients.every(isRecipient))
      throw new Problem('RECORDING_RECIPIENT_INVALID');
    const writer = new RecordingWriter(recipients, sink);
    const sealed = (await encrypterTo(recipients).encrypt(writer.#input.readable)).getReader();
    // The header and the nonce.
    for (let piece = 0; piece < 2; piece += 1) await sink.append((await sealed.read()).value!);
    writer.#pumped = writer.#pump(sealed).catch((error: unknown) => writer.#failedWith(error));
    writer.#put(headLine(head));
    return writer;
  }

  /** Plain bytes that are not safe in a whole chunk: bounds what is held in memory when the sink is slow. */
  get openBytes(): number {
    return this.#openBytes;
  }

  /** What was shown, so many milliseconds after the beginning. The bytes are read before this returns. */
  output(bytes: Uint8Array, atMs: number): void {
    for (let at = 0; at < bytes.length; at += outputBytesMax)
      this.#shown(this.#text.take(bytes.subarray(at, at + outputBytesMax)), atMs);
  }

  resize({ cols, rows }: { readonly cols: number; readonly rows: number }, atMs: number): void {
    this.#put(castLine(this.#time(atMs), 'r', `${cols}x${rows}`));
  }

  /** Makes what was shown so far outlive this process. */
  async checkpoint(): Promise<void> {
    await this.#inTurn(() => this.#keep()).catch((error: unknown) => this.#failedWith(error));
  }

  /** Ends it: resolves when all of it was appended; throws what the sink threw. */
  async end(atMs: number): Promise<void> {
    if (!this.#ended) {
      this.#shown(this.#text.rest(), atMs);
      this.#ended = true;
      this.#writer.close().catch(() => undefined);
    }
    await this.#turn;
    await this.#pumped;
    if (this.#error !== undefined) throw this.#error;
    if (this.#beside) await this.#sink.keepBeside(null, this.#chunks);
    this.#beside = false;
  }

  #shown(text: string, atMs: number): void {
    if (text !== '') this.#put(castLine(this.#time(atMs), 'o', text));
  }

  #time(atMs: number): number {
    this.#atMs = Math.max(this.#atMs, atMs);
    return this.#atMs;
  }

  #put(line: string): void {
    if (this.#ended || this.#error !== undefined) return;
    const bytes = encoder.encode(line);
    this.#open.push(bytes);
    this.#openBytes += bytes.length;
    this.#dirty = true;
    // Refused only once it has failed, which `failed` tells.
    this.#writer.write(bytes).catch(() => undefined);
  }

  async #pump(sealed: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    for (;;) {
      const { done, value } = await sealed.read();
      if (done) return;
      await this.#inTurn(() => this.#sink.append(value));
      if (value.length === sealedChunkBytes && !this.#ended) this.#appended();
    }
  }

  /** One call of the sink after the other. */
  #inTurn(call: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(call);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #appended(): void {
    this.#chunks += 1;
    // What lies beside the file does not go on from here.
    this.#dirty = this.#openBytes > chunkBytes;
    let left = chunkBytes;
    while (left > 0) {
      const piece = this.#open.shift()!;
      if (piece.length > left) this.#open.unshift(piece.subarray(left));
      left -= Math.min(left, piece.length);
    }
    this.#openBytes -= chunkBytes;
  }

  async #keep(): Promise<void> {
    if (!this.#dirty || this.#ended || this.#error !== undefined) return;
    this.#dirty = false;
    const chunks = this.#chunks;
    const tail = await encrypterTo(this.#recipients).encrypt(joined(...this.#open));
    this.#beside = true;
    await this.#sink.keepBeside(tail, chunks);
  }

  #failedWith(error: unknown): void {
    if (this.#error !== undefined) return;
    this.#error = error instanceof Error ? error : new Error('The sink failed.', { cause: error });
    this.#writer.abort(this.#error).catch(() => undefined);
    this.#fail(this.#error);
  }
}

function encrypterTo(recipients: readonly string[]): Encrypter {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter;
}
