import { constants, chownSync, closeSync, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import koffi from 'koffi';

/** Size of a terminal in characters. */
export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** A pseudo-terminal of this machine: the end that a terminal emulator would hold. */
export interface Terminal {
  /** Path of the end that a program opens. */
  readonly path: string;
  /** Reads what the program writes, writes what is typed. Ends with EIO when no program has it open any more. */
  readonly stream: ReadStream;
  resize(size: TerminalSize): void;
  /** Closes our second hold on the program's end, once a program has opened it. */
  release(): void;
  close(): void;
}

type Call = (...values: unknown[]) => unknown;

/** TIOCSWINSZ, by platform; the same on every architecture that Node runs on there. */
const setWindowSize = process.platform === 'darwin' ? 0x8008_7467 : 0x5414;
/** O_CLOEXEC, which Node does not name. */
const closeOnExec = process.platform === 'darwin' ? 0x0100_0000 : 0o2_000_000;

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
export function openTerminal(owner: { readonly uid: number } | undefined, size: TerminalSize): Terminal {
  const { open, grant, unlock, name, ioctl } = libc();
  const fd = open(constants.O_RDWR | constants.O_NOCTTY | closeOnExec) as number;
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
  const release = () => {
    if (held !== undefined) closeSync(held);
    held = undefined;
  };
  return {
    path,
    stream,
    resize: (changed) => {
      if (!stream.destroyed) resize(changed);
    },
    release,
    close: () => {
      release();
      stream.destroy();
    },
  };
}
