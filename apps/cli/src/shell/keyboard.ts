import type { Readable } from 'node:stream';

/** The far end of what is typed: takes bytes, and says how many. */
export interface Typed {
  write(bytes: Uint8Array): number;
}

const [lineFeed, carriageReturn] = [0x0a, 0x0d];
/** Ends the input of a program in a terminal, as Ctrl-D does at one. */
const endOfTransmission = Uint8Array.of(0x04);
/** Within a line Ctrl-D ends nothing: shells ring the bell, other programs are handed the line as far as it goes. */
const endOfLastLine = Uint8Array.of(lineFeed, 0x04);

/**
 * Hands what is typed (or piped in) on as it comes, holds back what the far side does not take yet, and tells the end of a pipe, with the line that it may end within.
 * `filter` sees the bytes first; undefined from it ends the reading.
 */
export class Keyboard {
  readonly #from: Readable;
  readonly #to: Typed;
  #rest: Uint8Array = new Uint8Array();
  #ended = false;
  /** Something was piped in, and it did not end with a line. */
  #withinLine = false;
  readonly #data: (bytes: Buffer) => void;
  readonly #end = () => {
    this.#ended = true;
    this.#send(this.#withinLine ? endOfLastLine : endOfTransmission);
  };

  /** `atTerminal`: a person types. A line that was not finished when the terminal went away is not run. */
  constructor(
    from: Readable,
    to: Typed,
    filter: (bytes: Uint8Array) => Uint8Array | undefined,
    atTerminal: boolean,
  ) {
    this.#from = from;
    this.#to = to;
    this.#data = (bytes) => {
      // What is typed is sent later than this call returns, from a buffer of ours.
      const wanted = filter(Uint8Array.from(bytes));
      if (wanted === undefined || wanted.length === 0) return;
      const last = wanted.at(-1);
      this.#withinLine = !atTerminal && last !== lineFeed && last !== carriageReturn;
      this.#send(wanted);
    };
    from.on('data', this.#data);
    from.on('end', this.#end);
  }

  /** There is room again after a short answer. */
  writable(): void {
    const rest = this.#rest;
    this.#rest = new Uint8Array();
    if (rest.length > 0) this.#send(rest);
    if (this.#rest.length === 0 && !this.#ended) this.#from.resume();
  }

  /** Leaves the input alone: what is typed from now on is the next program's. */
  close(): void {
    this.#from.off('data', this.#data);
    this.#from.off('end', this.#end);
    this.#from.pause();
  }

  #send(bytes: Uint8Array): void {
    const whole = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const taken = this.#rest.length === 0 ? this.#to.write(whole) : 0;
    this.#rest = whole.subarray(taken);
    if (this.#rest.length > 0) this.#from.pause();
  }
}
