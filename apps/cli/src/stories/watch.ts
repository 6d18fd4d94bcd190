import { Interrupted, type World } from '../world.ts';

const everyMs = 1_000;

/** Does `show` every second, on a terminal always in the same place, until the person ends it ({@link Interrupted}). */
export async function watch(world: World, show: () => Promise<void>): Promise<never> {
  const ending = new AbortController();
  const stop = world.onSignal(() => ending.abort(new Interrupted()));
  try {
    for (;;) {
      // To the upper left corner, and clear what is below (ECMA-48 CUP and ED).
      if (world.stdout.isTTY) world.stdout.write('\u001b[H\u001b[J');
      await show();
      await world.effects.timers.wait(everyMs, ending.signal);
    }
  } finally {
    stop();
  }
}
