import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { giveBack, hear } from '@sallyport/effects/memory';
import { partsAfter, writeNow } from '../edge/native/write-now.ts';

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
  const down = pour(stream, socket);
  return {
    get bytesUp() {
      return socket.bytesRead;
    },
    get bytesDown() {
      return socket.bytesWritten + down.pastNode;
    },
    reset: () => {
      resetSocket();
      stream.destroy();
    },
  };
}

/** So much leaves before its turn is over. */
const gatheredMax = 256 * 1024;

/** A stream of the link to an agent: what passes through it need not pass through the queues of Node as well. */
export interface LinkEnd {
  /** Says a piece, which may be lent; false when whoever says more should wait for `drain`. */
  say(piece: Uint8Array): boolean;
  /** Hears what arrives while nothing waits to be read, in place of the event `data`. */
  heard: ((piece: Uint8Array) => void) | undefined;
}

export const isLinkEnd = (stream: Duplex): stream is Duplex & LinkEnd => 'say' in stream && 'heard' in stream;

/** Hands on what one end says, at the pace of the other. What arrives in one turn leaves together: one call into the system, not one for each piece. */
function pour(from: Duplex, to: Duplex): { readonly pastNode: number } {
  const poured = { pastNode: 0 };
  const gathered: Uint8Array[] = [];
  let bytes = 0;
  const leave = () => {
    if (gathered.length === 0) return;
    bytes = 0;
    poured.pastNode += hand(to, gathered.splice(0));
    if (to.writableLength > 0 && to.writableNeedDrain) from.pause();
  };
  const take = (piece: Uint8Array) => {
    gathered.push(piece);
    bytes += piece.length;
    if (gathered.length === 1) process.nextTick(leave);
    if (bytes >= gatheredMax) leave();
  };
  const say = isLinkEnd(to)
    ? (piece: Uint8Array) => {
        if (!to.destroyed && !to.writableEnded && !to.say(piece)) from.pause();
      }
    : take;
  // Only the link to an agent gives back what it was lent.
  if (isLinkEnd(to)) hear(from, say);
  else from.on('data', say);
  if (isLinkEnd(from)) from.heard = say;
  to.on('drain', () => from.resume());
  from.on('end', () => {
    leave();
    to.end();
  });
  // Whoever accepted the program may have held it since.
  from.resume();
  return poured;
}

/** Hands pieces on; how many of their bytes the kernel has taken already. */
function hand(to: Duplex, pieces: readonly Uint8Array[]): number {
  if (to.destroyed || to.writableEnded) return 0;
  // The kernel has copies of all of them.
  const gone = (error?: Error | null) => {
    if (!error) for (const piece of pieces) giveBack(piece);
  };
  const written = writeNow(to, pieces);
  const rest = partsAfter(pieces, written);
  if (rest.length === 0) gone();
  else writeLast(to, rest, gone);
  return written;
}

function writeLast(to: Duplex, rest: readonly Uint8Array[], gone: (error?: Error | null) => void): void {
  to.cork();
  rest.forEach((piece, at) =>
    at === rest.length - 1 && to instanceof Socket ? to.write(piece, gone) : to.write(piece),
  );
  to.uncork();
}
