import { duplexPair, type Duplex } from 'node:stream';

const bufferBytes = 256 * 1024;

/** A connection to a server of this process; half-open as TCP is. The caller watches the end it gets. */
export function servedBy(serve: (socket: Duplex) => void): Duplex {
  const [ours, theirs] = duplexPair({ highWaterMark: bufferBytes });
  // When the caller's end goes, the server's end goes too.
  theirs.on('error', () => undefined);
  ours.on('close', () => theirs.destroy());
  theirs.on('close', () => ours.push(null));
  serve(theirs);
  return ours;
}
