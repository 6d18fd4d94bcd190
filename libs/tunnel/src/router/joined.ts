import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { giveBack, hear } from '@sallyport/effects/memory';

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
    else socket.resume();
    gone();
  });
  pour(socket, stream);
  pour(stream, socket);
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

/** So much leaves before its turn is over. */
const gatheredMax = 256 * 1024;

/** Hands on what one end says, at the pace of the other. What arrives in one turn leaves together: one call into the system, not one for each piece. */
function pour(from: Duplex, to: Duplex): void {
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  const leave = () => {
    const pieces = gathered;
    if (pieces.length === 0) return;
    gathered = [];
    bytes = 0;
    if (to.destroyed || to.writableEnded) return;
    // The kernel has copies of all of them.
    const gone = (error?: Error | null) => {
      if (!error) for (const piece of pieces) giveBack(piece);
    };
    to.cork();
    pieces.forEach((piece, at) =>
      at === pieces.length - 1 && to instanceof Socket ? to.write(piece, gone) : to.write(piece),
    );
    to.uncork();
    if (to.writableLength > 0 && to.writableNeedDrain) from.pause();
  };
  const take = (piece: Uint8Array) => {
    gathered.push(piece);
    bytes += piece.length;
    if (gathered.length === 1) process.nextTick(leave);
    if (bytes >= gatheredMax) leave();
  };
  // Only the link to an agent gives back what it was lent.
  if ('takesLent' in to) hear(from, take);
  else from.on('data', take);
  to.on('drain', () => from.resume());
  from.on('end', () => {
    leave();
    to.end();
  });
  // Whoever accepted the program may have held it since.
  from.resume();
}
