import koffi from 'koffi';
import { makeNonBlocking } from '../edge/tun-worker-calls.ts';

const library = koffi.load(process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6');
const socketpair = library.func(
  'int socketpair(int domain, int type, int protocol, void *fds)',
) as unknown as (...given: readonly [number, number, number, Uint8Array]) => number;
/** Node's own warns in a thread of what it has not opened. */
const close = library.func('int close(int fd)') as unknown as (fd: number) => number;

export interface DevicePair {
  readonly reading: number;
  readonly writing: number;
}

/** Two ends that keep each message for itself, as a device keeps packets; neither is ever waited for. */
export function openPair(): DevicePair {
  const [local, datagrams] = [1, 2];
  const fds = new Int32Array(2);
  if (socketpair(local, datagrams, 0, new Uint8Array(fds.buffer)) < 0) throw new Error('no pair of sockets');
  const [reading = -1, writing = -1] = fds;
  for (const fd of fds) makeNonBlocking(fd);
  return { reading, writing };
}

export function closePair({ reading, writing }: DevicePair): void {
  close(reading);
  close(writing);
}
