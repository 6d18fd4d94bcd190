import { ulid } from 'ulid';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** Makes the product's ids: a prefix, an underscore and a ULID (26 Crockford characters, time first). */
export interface Ids {
  /** For example `make('grt')` gives `grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y`. */
  make(prefix: string): string;
}

/** Ids from an injected clock and injected chance. */
export function makeIds(clock: Clock, random: Random): Ids {
  return {
    make: (prefix) => {
      // ulid wants sixteen fractions, of which it takes five bits each: one draw holds them all, a byte for each.
      const draw = random.bytes(16);
      let at = 0;
      return `${prefix}_${ulid(clock.now(), () => draw[at++ & 15]! / 256)}`;
    },
  };
}
