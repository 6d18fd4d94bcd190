import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Problem, type ProblemCode } from '@sallyport/problems';

/** What the kernel says when it cannot reach somebody, as the code that the client is told. */
const codes: Readonly<Record<string, ProblemCode>> = {
  ECONNREFUSED: 'FLOW_REFUSED',
  ECONNRESET: 'FLOW_REFUSED',
  ETIMEDOUT: 'FLOW_TIMED_OUT',
  EMFILE: 'FLOW_LIMITED',
  ENFILE: 'FLOW_LIMITED',
  ENOBUFS: 'FLOW_LIMITED',
};

/** The Problem for an error of a socket. */
export function problemOf(cause: unknown): Problem {
  if (cause instanceof Problem) return cause;
  const name = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  return new Problem(codes[name] ?? 'FLOW_UNREACHABLE', { cause });
}

/** Dials one checked address. Refuses FLOW_REFUSED, FLOW_UNREACHABLE, FLOW_TIMED_OUT, FLOW_LIMITED. `dialled` is told last, of a connection that came about. */
export function dialTcp(
  address: string,
  port: number,
  signal: AbortSignal,
  dialled: (socket: Socket) => void = () => undefined,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    const failed = (cause: unknown) => {
      signal.removeEventListener('abort', aborted);
      socket.destroy();
      reject(problemOf(cause));
    };
    const aborted = () => failed(signal.reason);
    if (signal.aborted) return failed(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    socket.once('error', failed);
    socket.once('connect', () => {
      signal.removeEventListener('abort', aborted);
      socket.off('error', failed);
      resolve(socket);
      dialled(socket);
    });
  });
}
