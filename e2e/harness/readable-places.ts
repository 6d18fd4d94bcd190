import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Something that others than its process can read, or that outlives it. */
export interface Place {
  readonly kind: 'arguments' | 'environment' | 'file';
  /** Path of a file; number and name of a process. */
  readonly where: string;
  readonly bytes: Buffer;
}

/** Files larger than this are data that was carried, no notes of ours. */
const fileBytesMax = 32 * 1024 * 1024;

/** Arguments and environments of every process that has this in its environment, and of those named by number. */
export function placesOfProcesses(mark: string, others: readonly number[] = []): Place[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid): Place[] => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`);
        if (!others.includes(Number(pid)) && !environment.includes(mark)) return [];
        const words = readFileSync(`/proc/${pid}/cmdline`);
        const where = `${pid} ${words.toString('latin1').split('\0').slice(0, 2).join(' ')}`;
        return [
          { kind: 'arguments', where, bytes: words },
          { kind: 'environment', where, bytes: environment },
        ];
      } catch {
        return []; // gone meanwhile
      }
    });
}

/** Every plain file below a folder, but for what lies below the named ones. */
export function placesOfFiles(folder: string, but: readonly string[] = []): Place[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): Place[] => {
    const path = join(folder, entry.name);
    if (but.includes(path)) return [];
    if (entry.isDirectory()) return placesOfFiles(path, but);
    try {
      if (!entry.isFile() || statSync(path).size > fileBytesMax) return [];
      return [{ kind: 'file', where: path, bytes: readFileSync(path) }];
    } catch {
      return []; // removed meanwhile
    }
  });
}

export interface Leak {
  readonly secret: string;
  readonly kind: Place['kind'];
  readonly where: string;
}

/** Where a secret stands: as it is, in base64 or in hexadecimal digits. Names it by its kind, never itself. */
export function leaksIn(places: readonly Place[], secrets: ReadonlyMap<string, Iterable<string>>): Leak[] {
  const sought = [...secrets].flatMap(([secret, values]) =>
    [...values].flatMap((value) => {
      // The end of a long one: it may have been cut short, and the beginnings of tokens are alike.
      const text = value.slice(-64);
      const coded = (encoding: 'base64' | 'hex') => Buffer.from(value).toString(encoding).slice(0, 48);
      return [text, coded('base64'), coded('hex')].map((form) => ({ secret, form }));
    }),
  );
  return places.flatMap(({ kind, where, bytes }) =>
    [...new Set(sought.filter(({ form }) => bytes.includes(form)).map(({ secret }) => secret))].map(
      (secret) => ({
        ...{ secret, kind, where },
      }),
    ),
  );
}
