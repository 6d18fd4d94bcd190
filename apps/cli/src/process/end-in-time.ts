import { exitCodes } from '../exit-codes.ts';
import type { World } from '../world.ts';

/** Closing in order may take this long after the first signal. */
const patienceMs = 3_000;

/**
 * Bounds an orderly end: after the first signal the process has 3 s, and a second one (a closed terminal after Ctrl-C counts) ends it at once. What was not
 * finished then stands in the tunnel's file, and the next command finishes it. Returns how to stop watching.
 */
export function endInTime(world: Pick<World, 'onSignal' | 'effects' | 'endNow'>): () => void {
  const { timers } = world.effects;
  let patience: ReturnType<typeof timers.after> | undefined;
  const end = () => world.endNow(exitCodes.interrupted);
  const stop = world.onSignal(() => {
    if (patience) return end();
    patience = timers.after(patienceMs, end);
  });
  return () => {
    stop();
    if (patience) timers.cancel(patience);
  };
}
