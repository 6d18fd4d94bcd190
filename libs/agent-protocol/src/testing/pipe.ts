import type { Timers } from '@sallyport/effects';
import type { CarrierInput, CarrierSink } from '../contract.ts';

/** A way between two ends in simulated time: delay, a rate, and loss of the whole way. */
export interface PipeShape {
  /** One way, milliseconds. */
  readonly delayMs: number;
  /** Each way; infinite by default. */
  readonly bytesPerMs?: number;
  /** Pipes that share one link share this: each way, when the link has sent all that was given to it. */
  readonly shared?: { readonly left: { freeAt: number }; readonly right: { freeAt: number } };
}

/** What arrives at once. */
const pieceBytes = 16 * 1024;

interface Side {
  readonly name: 'left' | 'right';
  input: CarrierInput | undefined;
  /** Bytes that were given before anybody listened. */
  early: Uint8Array[];
  freeAt: number;
}

/** Two ends joined in simulated time: what one sends, the other receives, in order and once, until it is cut. */
export class Pipe {
  readonly #timers: Timers;
  readonly #clock: { monotonic(): number };
  readonly #shape: PipeShape;
  readonly #left: Side = { name: 'left', input: undefined, early: [], freeAt: 0 };
  readonly #right: Side = { name: 'right', input: undefined, early: [], freeAt: 0 };
  #cut = false;
  /** Nothing arrives any more, although it is not cut. */
  silent = false;
  /** Sees, and may change, what goes from left to right or back; undefined swallows it. */
  tamper: ((bytes: Uint8Array, to: 'left' | 'right') => Uint8Array | undefined) | undefined;
  readonly bytes = { toLeft: 0, toRight: 0 };

  constructor(effects: { timers: Timers; clock: { monotonic(): number } }, shape: PipeShape) {
    this.#timers = effects.timers;
    this.#clock = effects.clock;
    this.#shape = shape;
  }

  get isCut(): boolean {
    return this.#cut;
  }

  /** The sink that the left end sends into, and the right one. */
  get leftSink(): CarrierSink {
    return this.#sink(this.#right, 'right');
  }
  get rightSink(): CarrierSink {
    return this.#sink(this.#left, 'left');
  }

  attachLeft(input: CarrierInput | undefined): void {
    this.#attach(this.#left, input);
  }
  attachRight(input: CarrierInput | undefined): void {
    this.#attach(this.#right, input);
  }

  /** Both ends learn that it is gone; what is under way is lost. */
  cut(): void {
    if (this.#cut) return;
    this.#cut = true;
    this.#left.input?.lost();
    this.#right.input?.lost();
  }

  #attach(side: Side, input: CarrierInput | undefined): void {
    side.input = input;
    for (const bytes of side.early.splice(0)) input?.receive(bytes);
  }

  #sink(to: Side, name: 'left' | 'right'): CarrierSink {
    return {
      backlog: 0,
      send: (parts) => this.#send(to, name, parts),
      // What was sent before still arrives.
      close: () => void this.#timers.after(this.#arrival(to, 0) + 0.001, () => this.cut()),
    };
  }

  #send(to: Side, name: 'left' | 'right', parts: readonly Uint8Array[]): void {
    if (this.#cut) return;
    const bytes = joined(parts);
    const arriving = this.tamper ? this.tamper(bytes, name) : bytes;
    if (!arriving) return;
    this.bytes[name === 'left' ? 'toLeft' : 'toRight'] += arriving.length;
    for (let at = 0; at < arriving.length; at += pieceBytes) {
      const piece = arriving.subarray(at, at + pieceBytes);
      this.#timers.after(this.#arrival(to, piece.length), () => {
        if (this.#cut || this.silent) return;
        if (to.input) to.input.receive(piece);
        else to.early.push(piece);
      });
    }
  }

  /** Milliseconds until what is sent now has arrived. */
  #arrival(to: Side, bytes: number): number {
    const now = this.#clock.monotonic();
    const line = this.#shape.shared?.[to.name] ?? to;
    line.freeAt = Math.max(now, line.freeAt) + bytes / (this.#shape.bytesPerMs ?? Number.POSITIVE_INFINITY);
    return line.freeAt - now + this.#shape.delayMs;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
