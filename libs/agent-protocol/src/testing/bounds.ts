import {
  chunkBytes,
  controlFramesMax,
  datagramsWaitingMax,
  earlyPiecesMax,
  flightBytes,
  preferredBytes,
  retainedFramesMax,
  streamsMax,
  waitingBytesMax,
  windowBytesFirst,
  windowBytesMax,
  windowBytesTotal,
} from '../limits.ts';
import type { Link } from '../link/link.ts';

/** What a stream's owner has been handed and has not passed on. */
export interface Holder {
  readonly held: number;
}

/** Which bound of `limits.ts` one end of a link is beyond, or undefined. `holds` tells of the owner of a stream how much of it lies there. */
export function beyondBounds(link: Link, holds: (events: unknown) => Holder | undefined): string | undefined {
  const { control, datagrams } = link.waiting;
  if (link.streams.size > streamsMax) return `${link.streams.size} conversations`;
  if (control > controlFramesMax) return `${control} small frames wait`;
  if (datagrams > datagramsWaitingMax) return `${datagrams} datagrams wait`;
  let beyond = 0;
  for (const stream of link.streams.values()) {
    const { early, earlyBytes, waitingBytes } = stream.kept;
    const window = windowBytesFirst + stream.windowBeyondFirst;
    const held = earlyBytes + (holds(stream.events)?.held ?? 0);
    beyond += stream.windowBeyondFirst;
    if (early > earlyPiecesMax) return `${early} early pieces of one conversation`;
    if (window > windowBytesMax) return `a window of ${window} bytes`;
    if (held > window) return `${held} bytes kept of one conversation, beyond its window of ${window}`;
    // The last write may be the one that fills it.
    if (waitingBytes > waitingBytesMax + windowBytesFirst) return `${waitingBytes} bytes wait to be sent`;
  }
  if (beyond > windowBytesTotal) return `windows of ${beyond} bytes`;
  for (const { retainedFrames, inFlight } of link.carriers) {
    if (retainedFrames > retainedFramesMax) return `${retainedFrames} frames not confirmed`;
    // What is no data does not ask for room: small frames, which are counted above.
    const small = retainedFrames * 64;
    if (inFlight > flightBytes.most + preferredBytes + chunkBytes.most + small)
      return `${inFlight} bytes in flight`;
  }
  return undefined;
}
