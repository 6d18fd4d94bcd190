import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What passed between two joined ends so far. */
export interface Joined {
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Resets both ends. */
  reset(): void;
}

/**
 * Joins a program's connection and a stream of the reach: bytes with back-pressure both ways, a half-close as a half-close, a reset as a reset.
 * `over` is called once, when both are gone.
 */
export function joined(socket: Socket, stream: Duplex, over: () => void): Joined {
  let left = 2;
  const gone = () => {
    left -= 1;
    if (left === 0) over();
  };
  const resetSocket = () => {
    if (!socket.destroyed) socket.resetAndDestroy();
  };
  socket.setNoDelay(true);
  socket.on('error', () => stream.destroy());
  stream.on('error', resetSocket);
  socket.on('close', () => {
    // What ended in order has been handed on already; anything else is a reset for the far side.
    if (!socket.readableEnded || !stream.writableFinished) stream.destroy();
    gone();
  });
  stream.on('close', () => {
    if (!stream.readableEnded) resetSocket();
    // Nobody reads what the program still says: its end has to be seen all the same.
    else socket.unpipe(stream).resume();
    gone();
  });
  socket.pipe(stream);
  stream.pipe(socket);
  return {
    get bytesUp() {
      return socket.bytesRead;
    },
    get bytesDown() {
      return socket.bytesWritten;
    },
    reset: () => {
      resetSocket();
      stream.destroy();
    },
  };
}
