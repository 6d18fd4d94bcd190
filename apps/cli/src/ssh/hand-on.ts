import type { Readable, Writable } from 'node:stream';
import type { TimerHandle, Timers } from '@sallyport/effects';

/** How often more is read of what nobody takes. */
const lookEveryMs = 1_000;
/** Most that is held of it. The channels of ssh stop earlier: each has sent what its far side allowed (2 MiB). */
const heldBytesMax = 16 * 1024 * 1024;

/**
 * Hands on what a program says, as `pipe` does, and hears its end also where nobody takes what it said: an end is seen only by reading up to it, and a program that was
 * killed leaves as much before it as a pipe holds (64 KiB). So a little more is read now and then, and held. Returns how to stop; what is then still to be handed on is lost.
 */
export function handOn(from: Readable, to: Writable, timers: Timers): () => void {
  let looking: TimerHandle | undefined;
  const lookNoMore = () => {
    if (looking) timers.cancel(looking);
    looking = undefined;
  };
  const take = (bytes: Buffer) => {
    if (to.write(bytes)) return;
    from.pause();
    // The next piece comes back to here.
    looking ??= timers.every(lookEveryMs, () => {
      if (to.writableLength < heldBytesMax) from.resume();
    });
  };
  const goOn = () => {
    lookNoMore();
    from.resume();
  };
  const end = () => {
    lookNoMore();
    to.end();
  };
  from.on('data', take).once('end', end);
  to.on('drain', goOn);
  // It may have been held until now.
  from.resume();
  return () => {
    lookNoMore();
    from.off('data', take).off('end', end).pause();
    to.off('drain', goOn);
  };
}
