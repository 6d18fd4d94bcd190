import { resolve } from 'node:path';

/** How this program is started again: by its absolute path, whatever PATH says. */
export function programItself(): readonly string[] {
  const script = process.argv[1];
  return script === undefined ? ['tunnel'] : [process.execPath, resolve(script)];
}
