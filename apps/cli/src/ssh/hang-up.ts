import type { Readable } from 'node:stream';
import type { World } from '../world.ts';

/** Bytes of ssh that are held until the host is reached; before that it says no more than its version. */
const heldBytesMax = 64 * 1024;

/**
 * Calls back when the input ends, which is all that an ssh leaves behind that was killed. An end is heard only while the input is read, so what ssh says meanwhile is
 * held; what is returned puts it back.
 */
export function hearEnd(from: Readable, ended: () => void): () => void {
  const held: Buffer[] = [];
  const hold = (bytes: Buffer) => {
    held.push(bytes);
    if (held.reduce((sum, { length }) => sum + length, 0) > heldBytesMax) from.pause();
  };
  from.once('end', ended).once('error', ended).on('data', hold);
  return () => {
    from.off('data', hold).pause();
    if (held.length > 0) from.unshift(Buffer.concat(held));
  };
}

/** A world in which the end of ssh is a hang-up. */
export function hearing(world: World, stop: AbortSignal): World {
  return {
    ...world,
    onSignal: (listener) => {
      const hangUp = () => listener('SIGHUP');
      stop.addEventListener('abort', hangUp, { once: true });
      return () => stop.removeEventListener('abort', hangUp);
    },
  };
}

/** What is worked on, or a refusal as soon as nobody is there any more who wanted it. */
export async function orGone<T>(work: Promise<T>, stop: AbortSignal): Promise<T> {
  const gone = Promise.withResolvers<never>();
  const leave = () => gone.reject(stop.reason as Error);
  stop.addEventListener('abort', leave, { once: true });
  try {
    if (stop.aborted) leave();
    return await Promise.race([work, gone.promise]);
  } finally {
    stop.removeEventListener('abort', leave);
  }
}
