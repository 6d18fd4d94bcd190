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
  // ulid wants fractions; 32 bits of each draw are more than its 5 bits need.
  const fraction = () => {
    const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  };
  return { make: (prefix) => `${prefix}_${ulid(clock.now(), () => fraction() / 2 ** 32)}` };
}
