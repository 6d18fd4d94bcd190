import { constants, chownSync, closeSync, openSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import koffi from 'koffi';
import type { Timers, TimerHandle } from '@sallyport/effects';

/** Size of a terminal in characters. */
export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** A pseudo-terminal of this machine: the end that a terminal emulator would hold. */
export interface Terminal {
  /** Path of the end that a program opens. */
  readonly path: string;
  /** Reads what the program writes. Ends with EIO when no program has it open any more. */
  readonly stream: ReadStream;
  /** Types. False when it should be asked again after `drained`; what came with that call is kept all the same. */
  write(bytes: Uint8Array): boolean;
  resize(size: TerminalSize): void;
  /** Closes our second hold on the program's end, once a program has opened it. */
  release(): void;
  close(): void;
}

/** What a terminal needs to wait for a program that does not read what is typed. */
export interface Typing {
  readonly timers: Timers;
  /** All that was kept has been taken. */
  drained(): void;
}

type Call = (...values: unknown[]) => unknown;

/** TIOCSWINSZ, by platform; the same on every architecture that Node runs on there. */
const setWindowSize = process.platform === 'darwin' ? 0x8008_7467 : 0x5414;
/** O_CLOEXEC, which Node does not name. */
const closeOnExec = process.platform === 'darwin' ? 0x0100_0000 : 0o2_000_000;

/** How soon a terminal that was full is tried again, milliseconds. */
const againMs = 20;

let bound: Readonly<Record<'open' | 'grant' | 'unlock' | 'name' | 'ioctl', Call>> | undefined;

function libc() {
  if (bound !== undefined) return bound;
  const library = koffi.load(null);
  bound = {
    open: library.func('int posix_openpt(int flags)'),
    grant: library.func('int grantpt(int fd)'),
    unlock: library.func('int unlockpt(int fd)'),
    name: library.func('const char *ptsname(int fd)'),
    // Variadic: on Apple silicon such calls pass arguments otherwise.
    ioctl: library.func('int ioctl(int fd, unsigned long request, ...)'),
  };
  return bound;
}

/** Opens a pseudo-terminal whose other end belongs to `owner`. Throws where the system gives none. */
export function openTerminal(
  owner: { readonly uid: number } | undefined,
  size: TerminalSize,
  typing: Typing,
): Terminal {
  const { open, grant, unlock, name, ioctl } = libc();
  const flags = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK | closeOnExec;
  const fd = open(flags) as number;
  if (fd < 0) throw new Error('the system gives no pseudo-terminal');
  let path: string;
  let held: number | undefined;
  const resize = ({ cols, rows }: TerminalSize) => {
    ioctl(fd, setWindowSize, 'void *', Buffer.from(Uint16Array.of(rows, cols, 0, 0).buffer));
  };
  try {
    if (grant(fd) !== 0 || unlock(fd) !== 0) throw new Error('the pseudo-terminal cannot be unlocked');
    path = name(fd) as string;
    if (owner !== undefined) chownSync(path, owner.uid, owner.uid);
    // Until a program has opened its end, reading ours would fail.
    held = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
    resize(size);
  } catch (error) {
    closeSync(fd);
    if (held !== undefined) closeSync(held);
    throw error;
  }
  const stream = new ReadStream(fd);
  const keyboard = new Keyboard(fd, stream, typing);
  const release = () => {
    if (held !== undefined) closeSync(held);
    held = undefined;
  };
  return {
    path,
    stream,
    write: (bytes) => keyboard.write(bytes),
    resize: (changed) => {
      if (!stream.destroyed) resize(changed);
    },
    release,
    close: () => {
      keyboard.stop();
      release();
      stream.destroy();
    },
  };
}

/**
 * Writes to a terminal without the stream: libuv waits within a write to a terminal's outer end until the program has read, and nothing else of this
 * process goes on meanwhile.
 */
class Keyboard {
  readonly #fd: number;
  readonly #stream: ReadStream;
  readonly #typing: Typing;
  #kept: Uint8Array[] = [];
  #again: TimerHandle | undefined;

  constructor(fd: number, stream: ReadStream, typing: Typing) {
    this.#fd = fd;
    this.#stream = stream;
    this.#typing = typing;
    stream.once('close', () => this.stop());
  }

  write(bytes: Uint8Array): boolean {
    if (this.#stream.destroyed) return true;
    this.#kept.push(bytes);
    if (this.#again === undefined) this.#pour();
    return this.#kept.length === 0;
  }

  stop(): void {
    this.#kept = [];
    if (this.#again !== undefined) this.#typing.timers.cancel(this.#again);
    this.#again = undefined;
  }

  /** Writes until all is taken or the terminal is full. */
  #pour(): void {
    // Its descriptor is closed with the stream, and may be another file's by now.
    while (this.#kept.length > 0 && !this.#stream.destroyed) {
      const [next] = this.#kept as [Uint8Array];
      try {
        const taken = writeSync(this.#fd, next);
        if (taken < next.length) this.#kept[0] = next.subarray(taken);
        else this.#kept.shift();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return this.#later();
        // Nobody has the terminal open any more; the stream tells of its end.
        this.#kept = [];
      }
    }
  }

  #later(): void {
    this.#again = this.#typing.timers.after(againMs, () => {
      this.#again = undefined;
      this.#pour();
      if (this.#kept.length === 0) this.#typing.drained();
    });
  }
}
