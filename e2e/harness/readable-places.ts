import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Something that others than its process can read, or that outlives it. */
export interface Place {
  readonly kind: 'arguments' | 'environment' | 'file' | 'output';
  /** Path of a file; number and name of a process; words of a command. */
  readonly where: string;
  readonly bytes: Buffer;
}

/** Files larger than this are data that was carried, no notes of ours. */
const fileBytesMax = 32 * 1024 * 1024;
/** Of what others leave in folders of everybody, larger ones are none of ours. */
const foreignBytesMax = 1024 * 1024;

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
export function placesOfFiles(folder: string, but: readonly string[] = [], bytesMax = fileBytesMax): Place[] {
  return entriesOf(folder).flatMap((entry): Place[] => {
    const path = join(folder, entry.name);
    if (but.includes(path)) return [];
    if (entry.isDirectory()) return placesOfFiles(path, but, bytesMax);
    try {
      if (!entry.isFile() || statSync(path).size > bytesMax) return [];
      return [{ kind: 'file', where: path, bytes: readFileSync(path) }];
    } catch {
      return []; // removed meanwhile
    }
  });
}

/** Where every program of the machine may leave files. */
const foldersOfEverybody = ['/tmp', '/var/tmp', '/dev/shm'];

/** What came since into the folders of everybody, but for the named ones and for the data of other installations. */
export function newFilesOfEverybody(sinceMs: number, but: readonly string[]): Place[] {
  return foldersOfEverybody.flatMap((folder) => {
    const older = entriesOf(folder)
      .map(({ name }) => join(folder, name))
      .filter((path) => path.includes('/sallyport-e2e-') || changedMs(path) < sinceMs);
    return placesOfFiles(folder, [...older, ...but], foreignBytesMax);
  });
}

function changedMs(path: string): number {
  try {
    return statSync(path).ctimeMs;
  } catch {
    return 0; // removed meanwhile
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // removed meanwhile, or of somebody else
  }
}

export interface Leak {
  readonly secret: string;
  readonly kind: Place['kind'];
  readonly where: string;
}

/** The forms in which a value may come to be written, the shortest 8 bytes long. */
function formsOf(value: string | Uint8Array): Buffer[] {
  const bytes = Buffer.from(value);
  // Of a long text a piece from its middle and its end: it may have been cut short, and the beginnings of tokens are alike.
  if (typeof value !== 'string' || bytes.length <= 64) return formsOfPiece(bytes);
  const middle = Math.floor((bytes.length - 64) / 2);
  return [...formsOfPiece(bytes.subarray(middle, middle + 64)), ...formsOfPiece(bytes.subarray(-64))];
}

function formsOfPiece(plain: Buffer): Buffer[] {
  const hex = plain.toString('hex');
  const texts = [
    hex,
    hex.toUpperCase(),
    // As Node prints a buffer, and as JSON writes one.
    hex.slice(0, 48).replaceAll(/..(?!$)/g, '$& '),
    plain.subarray(0, 16).join(','),
    plain.subarray(0, 16).join(', '),
    // Base64 looks different behind one or two other bytes; the first and last digits hold bits of their neighbours.
    ...[0, 1, 2].flatMap((before) => {
      const coded = Buffer.concat([Buffer.alloc(before), plain.subarray(0, 48)]).toString('base64');
      const own = coded.replace(/=+$/, '').slice(before === 0 ? 0 : before + 1, -1);
      return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
    }),
    // As JSON writes a text with marks that it does not take as they are.
    JSON.stringify(plain.toString('latin1')).slice(1, -1),
  ];
  return [plain, ...texts.map((text) => Buffer.from(text))].filter(({ length }) => length >= 8);
}

/** Where a secret stands, in any form that it may have been written in. Names it by its kind, never itself. */
export function leaksIn(
  places: readonly Place[],
  secrets: ReadonlyMap<string, Iterable<string | Uint8Array>>,
): Leak[] {
  // Thousands of forms in tens of megabytes: each place is gone through once.
  const begins = new Uint8Array(65_536);
  const sought = new Map<number, { readonly secret: string; readonly form: Buffer }[]>();
  for (const [secret, values] of secrets)
    for (const form of [...values].flatMap(formsOf)) {
      const key = form.readUInt32LE(0);
      begins[key & 0xffff] = 1;
      sought.set(key, [...(sought.get(key) ?? []), { secret, form }]);
    }
  return places.flatMap(({ kind, where, bytes }) => {
    const found = new Set<string>();
    for (let at = 0; at + 8 <= bytes.length; at += 1) {
      if (begins[bytes[at]! | (bytes[at + 1]! << 8)] === 0) continue;
      for (const { secret, form } of sought.get(bytes.readUInt32LE(at)) ?? [])
        if (bytes.compare(form, 0, form.length, at, Math.min(at + form.length, bytes.length)) === 0)
          found.add(secret);
    }
    return [...found].map((secret) => ({ secret, kind, where }));
  });
}
