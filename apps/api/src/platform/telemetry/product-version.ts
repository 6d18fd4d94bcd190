import { readFileSync } from 'node:fs';

let version: string | undefined;

/** The version of this package, as shown to clients. */
export function productVersion(): string {
  // Three folders above this file in `src` and in `dist` alike.
  version ??= (
    JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }
  ).version;
  return version;
}
