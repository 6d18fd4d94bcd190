import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/**
 * Has the engine collect its garbage now. It waits for 64 MiB and more of memory outside its heap otherwise, which is much where all of it was to be freed at once.
 */
export function collectGarbage(): void {
  if (collect === undefined) {
    // The function is there in contexts that are made while the flag is set.
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
    setFlagsFromString('--no-expose-gc');
  }
  collect();
}
