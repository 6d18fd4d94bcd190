import koffi from 'koffi';

/** The few calls of the C library that Node has no form of. Negative answers are errors, with the number in {@link errno}. */
const library = koffi.load(process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6');

export const read = library.func('long read(int fd, void *bytes, size_t length)') as unknown as (
  fd: number,
  bytes: Uint8Array,
  length: number,
) => number;
export const write = library.func('long write(int fd, const void *bytes, size_t length)') as unknown as (
  fd: number,
  bytes: Uint8Array,
  length: number,
) => number;
export const poll = library.func('int poll(void *fds, unsigned long count, int timeout)') as unknown as (
  fds: Uint8Array,
  count: number,
  timeout: number,
) => number;
const pipeCall = library.func('int pipe(void *fds)') as unknown as (fds: Uint8Array) => number;
// Variadic, as Apple silicon passes such arguments in another way than named ones.
const fcntl = library.func('int fcntl(int fd, int command, ...)') as unknown as (
  fd: number,
  command: number,
  type: 'int',
  argument: number,
) => number;

export function errno(): number {
  return koffi.errno();
}

const mac = process.platform === 'darwin';
/** Numbers of errors after which reading goes on. */
export const again = new Set(mac ? [35, 4] : [11, 4]);

const setDescriptorFlags = 2;
const closeOnExec = 1;
const getStatusFlags = 3;
const setStatusFlags = 4;
const nonBlocking = mac ? 0x4 : 0x800;

/** A pipe that no child inherits, its reading end non-blocking. */
export function wakePipe(): { readonly reading: number; readonly writing: number } {
  const fds = new Int32Array(2);
  if (pipeCall(new Uint8Array(fds.buffer)) < 0) throw new Error(`pipe: error ${errno()}`);
  const [reading = -1, writing = -1] = fds;
  for (const fd of fds) fcntl(fd, setDescriptorFlags, 'int', closeOnExec);
  makeNonBlocking(reading);
  return { reading, writing };
}

/** Makes reads from a descriptor answer at once. */
export function makeNonBlocking(fd: number): void {
  const flags = fcntl(fd, getStatusFlags, 'int', 0);
  if (flags < 0 || fcntl(fd, setStatusFlags, 'int', flags | nonBlocking) < 0)
    throw new Error(`fcntl: error ${errno()}`);
}
