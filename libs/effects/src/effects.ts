import type { Clock } from './clock.ts';
import type { Ids } from './ids.ts';
import type { Log } from './log.ts';
import type { Random } from './random.ts';
import type { Timers } from './timers.ts';

/** Everything a story needs from the world besides its own ports. */
export interface Effects {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly ids: Ids;
  readonly log: Log;
}
