import { closeSync } from 'node:fs';
import koffi from 'koffi';

const closeOnExec = 0o2_000_000;
const epollAdd = 1;
const epollIn = 1;

interface Calls {
  readonly pipe2: (fds: Uint8Array, flags: number) => number;
  readonly dup3: (from: number, to: number, flags: number) => number;
  readonly epollCreate: (flags: number) => number;
  readonly epollControl: (epoll: number, what: number, fd: number, event: Uint8Array) => number;
}

let loaded: Calls | undefined;

/** Loaded where they are used: they are Linux's alone. */
function calls(): Calls {
  const library = koffi.load('libc.so.6');
  const func = <T>(declaration: string) => library.func(declaration) as unknown as T;
  loaded ??= {
    pipe2: func('int pipe2(void *fds, int flags)'),
    dup3: func('int dup3(int from, int to, int flags)'),
    epollCreate: func('int epoll_create1(int flags)'),
    epollControl: func('int epoll_ctl(int epoll, int what, int fd, void *event)'),
  };
  return loaded;
}

/** Whether the event loop can wait for a descriptor. It ends the process over one that it cannot wait for, so this is asked before. */
export function canBeAwaited(fd: number): boolean {
  const { epollCreate, epollControl } = calls();
  const epoll = epollCreate(closeOnExec);
  if (epoll < 0) return false;
  const event = new Uint8Array(12);
  event[0] = epollIn;
  const added = epollControl(epoll, epollAdd, fd, event);
  closeSync(epoll);
  return added === 0;
}

/**
 * A descriptor that Node takes for a pipe. Node decides by kind what it reads from and refuses character devices, though its event loop waits for them as for
 * any other: so it is shown a pipe, behind whose number {@link putInPlace} then puts the device.
 */
export function openPipe(): { readonly reading: number; readonly writing: number } {
  const fds = new Int32Array(2);
  if (calls().pipe2(new Uint8Array(fds.buffer), closeOnExec) < 0)
    throw new Error(`pipe: error ${koffi.errno()}`);
  const [reading = -1, writing = -1] = fds;
  return { reading, writing };
}

/** Makes `number` another name of what `fd` is; whoever closes it does not close `fd`. */
export function putInPlace(fd: number, number: number): void {
  if (calls().dup3(fd, number, closeOnExec) < 0) throw new Error(`dup3: error ${koffi.errno()}`);
}
