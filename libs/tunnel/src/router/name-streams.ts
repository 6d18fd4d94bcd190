import { Duplex } from 'node:stream';
import type { Effects, TimerHandle } from '@sallyport/effects';

/** The greatest query over TCP that is read: a name and its question fit many times. */
const queryMax = 4_096;
/** What an answer over TCP may have. */
const answerMax = 65_535;
/** A connection over which nothing was asked, or no answer was read, for so long is ended; who asks again connects again (RFC 7766, 6.2.3). */
const idleMs = 10_000;
/** Connections at once. Beyond it the one that is idle for longest gives way. */
const streamsMax = 64;

type Answer = (query: Uint8Array, signal: AbortSignal, room: number) => Promise<Uint8Array | undefined>;

/** The connections of one router's responder over TCP, bounded in number and in patience: one program cannot have all of them. */
export class NameStreams {
  readonly #effects: Effects;
  readonly #answer: Answer;
  /** Those that wait for their program, the longest first. */
  readonly #idle = new Set<NameStream>();
  #open = 0;

  constructor(effects: Effects, answer: Answer) {
    this.#effects = effects;
    this.#answer = answer;
  }

  /** Another connection; undefined where all of them are being answered. */
  open(): Duplex | undefined {
    if (this.#open >= streamsMax) {
      const [longest] = this.#idle;
      if (longest === undefined) return undefined;
      this.#idle.delete(longest);
      longest.destroy();
    }
    this.#open += 1;
    const stream: NameStream = new NameStream(this.#effects, this.#answer, (now) => {
      this.#idle.delete(stream);
      if (now === 'idle') this.#idle.add(stream);
      if (now === 'over') this.#open -= 1;
    });
    stream.waits();
    return stream;
  }
}

/** The responder over TCP (RFC 7766): each message after its length in two bytes, answers in the order of the queries. */
class NameStream extends Duplex {
  readonly #effects: Effects;
  readonly #answer: Answer;
  readonly #told: (now: 'idle' | 'busy' | 'over') => void;
  readonly #ending = new AbortController();
  #held = Buffer.alloc(0);
  #late: TimerHandle | undefined;
  /** Resolves when the program has read what it was answered. */
  #wanted: (() => void) | undefined;

  constructor(effects: Effects, answer: Answer, told: (now: 'idle' | 'busy' | 'over') => void) {
    super();
    this.#effects = effects;
    this.#answer = answer;
    this.#told = told;
  }

  /** It is the program's turn. */
  waits(): void {
    this.#stopWaiting();
    if (this.destroyed) return;
    this.#late = this.#effects.timers.after(idleMs, () => this.destroy());
    this.#told('idle');
  }

  #stopWaiting(): void {
    if (this.#late !== undefined) this.#effects.timers.cancel(this.#late);
    this.#late = undefined;
  }

  async #take(): Promise<void> {
    while (this.#held.length >= 2) {
      const length = this.#held.readUInt16BE(0);
      if (length > queryMax) throw new Error('a query that long is none');
      if (this.#held.length < 2 + length) return;
      const query = this.#held.subarray(2, 2 + length);
      this.#held = this.#held.subarray(2 + length);
      this.#stopWaiting();
      this.#told('busy');
      const message = await this.#answer(query, this.#ending.signal, answerMax);
      if (message === undefined || this.destroyed) throw new Error('a query without an answer');
      const prefix = Buffer.alloc(2);
      prefix.writeUInt16BE(message.length);
      const wanted = this.push(Buffer.concat([prefix, message]));
      this.waits();
      // Who asks and does not read is not answered into memory.
      if (!wanted) await new Promise<void>((resolve) => (this.#wanted = resolve));
    }
  }

  override _read(): void {
    this.#wanted?.();
    this.#wanted = undefined;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#held = Buffer.concat([this.#held, chunk]);
    this.#take().then(
      () => done(),
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
    );
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stopWaiting();
    this.#ending.abort();
    this._read();
    this.#told('over');
    done(error);
  }
}
