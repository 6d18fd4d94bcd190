import type { Readable, Writable } from 'node:stream';
import type { Effects } from '@sallyport/effects';

/** Where text goes. `columns` is undefined when the width is not known. */
export interface OutputStream {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  write(text: string): void;
}

/** Where answers and piped text come from. */
export interface InputStream {
  readonly isTTY: boolean;
  /** Everything until the end of the input, as UTF-8; at most `bytesMax` bytes, the rest is refused by code. */
  readAll(bytesMax: number): Promise<string>;
}

/** The terminal of this process. */
export interface Terminal {
  /** Characters across and down. */
  readonly size: { readonly cols: number; readonly rows: number };
  /** Hands every key on as it is pressed, Ctrl-C among them, until what is returned is called (or the process exits). */
  raw(): () => void;
  /** Calls back when the size has changed; returns how to stop listening. */
  onResize(listener: () => void): () => void;
}

/** Asks a person at a terminal; rejects with {@link Interrupted} on Ctrl-C. */
export interface Prompts {
  text(question: string, options?: { initial?: string }): Promise<string>;
  secret(question: string): Promise<string>;
}

/** Everything a command touches outside its own memory; tests hand in their own. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Owner that files must have; undefined where the system has no user ids. */
  readonly uid: number | undefined;
  readonly pid: number;
  readonly hostName: string;
  readonly version: string;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly effects: Effects;
  /** The three standard streams as bytes, for a command that carries those of another program and prints nothing. */
  bytes(): { readonly from: Readable; readonly to: Writable; readonly errors: Writable };
  /** The terminal that standard input and output are; undefined when one of them is something else. */
  terminal(): Terminal | undefined;
  prompts(): Promise<Prompts>;
  /**
   * Questions at the terminal that this process was started from, for a command whose standard input and output belong to another program. Undefined where nobody
   * would answer: there is none, or this runs in its background.
   */
  promptsBeside(): Promise<Prompts | undefined>;
  /** Calls back on SIGINT, SIGTERM and SIGHUP instead of dying; returns how to stop listening. */
  onSignal(listener: (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => void): () => void;
  /** Ends the process at once, whatever is under way. */
  endNow(code: number): void;
}

/** The person pressed Ctrl-C (or the process was asked to stop): exit code 130, no problem to report. */
export class Interrupted extends Error {
  /** What to type to go on, when there is something to go on with. */
  readonly next: string | undefined;
  constructor(next?: string) {
    super('interrupted');
    this.name = 'Interrupted';
    this.next = next;
  }
}
