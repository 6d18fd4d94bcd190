import { isIP } from 'node:net';
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Problem, type FieldError } from '@sallyport/problems';
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type Pair, type YAMLMap } from 'yaml';
import { vias, type Via } from '../network/facts.ts';
import { parseDuration } from '../output/duration.ts';
import { nearest } from '../output/nearest.ts';
import { clean } from '../output/text.ts';

/** One tunnel of a file. Words are as written; `bind` is an IP address, `socketPath` absolute. */
export interface FileTunnel {
  readonly name: string;
  readonly port: number | null;
  readonly bind: string | null;
  readonly socketPath: string | null;
  readonly via: Via | null;
  readonly for: string | null;
  readonly reason: string | null;
  readonly ticket: string | null;
  /** Where the entry begins, from 1. */
  readonly line: number;
}

export interface TunnelsFile {
  /** Its one true path: by it `up` knows again what it opened. */
  readonly path: string;
  readonly tunnels: readonly FileTunnel[];
}

const fileBytesMax = 256 * 1024;
const tunnelsMax = 100;
const reasonMax = 500;
const keys = ['name', 'port', 'bind', 'socket', 'via', 'for', 'reason', 'ticket'] as const;

/** Reads a file of tunnels. Refuses with TUNNELS_FILE_MISSING, or with TUNNELS_FILE_INVALID and every mistake's line and column. */
export async function readTunnelsFile(
  written: string,
  workingFolder: string,
  home: string,
): Promise<TunnelsFile> {
  const path = resolve(workingFolder, written);
  let text: string;
  try {
    if ((await stat(path)).size > fileBytesMax)
      throw new Problem('TUNNELS_FILE_INVALID', { detail: `${path} is larger than 256 KiB.` });
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      throw new Problem('TUNNELS_FILE_MISSING', { detail: `There is no ${path}.`, cause });
    throw new Problem('TUNNELS_FILE_INVALID', {
      detail: `${path} could not be read (${code ?? 'unknown'}).`,
      cause,
    });
  }
  const real = await realpath(path);
  const { tunnels, errors } = parseTunnels(text, { folder: dirname(real), home });
  if (errors.length > 0)
    throw new Problem('TUNNELS_FILE_INVALID', { detail: `${path} is not valid.`, errors });
  return { path: real, tunnels };
}

/** What a file of tunnels says, and every mistake in it. `folder` is what relative sockets are relative to, `home` what `~/` means. */
export function parseTunnels(
  text: string,
  places: { readonly folder: string; readonly home: string },
): { readonly tunnels: readonly FileTunnel[]; readonly errors: readonly FieldError[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    merge: false,
    schema: 'core',
  });
  const errors: FieldError[] = document.errors.map(({ message, pos: [at] }) => ({
    field: whereIn(lines, at),
    message: message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/u, '') ?? 'not valid YAML',
  }));
  if (errors.length > 0) return { tunnels: [], errors };
  const reader = new Reader(lines, places, errors);
  return { tunnels: reader.list(document.contents), errors };
}

function whereIn(lines: LineCounter, at: number): string {
  const { line, col } = lines.linePos(at);
  return `line ${line}, column ${col}`;
}

class Reader {
  readonly #lines: LineCounter;
  readonly #places: { readonly folder: string; readonly home: string };
  readonly #errors: FieldError[];

  constructor(lines: LineCounter, places: { folder: string; home: string }, errors: FieldError[]) {
    this.#lines = lines;
    this.#places = places;
    this.#errors = errors;
  }

  /** The entries of `tunnels: [...]`, or of a document that is the list itself. */
  list(contents: Node | null): FileTunnel[] {
    let list: unknown = contents;
    if (isMap(contents)) {
      for (const pair of contents.items)
        if (wordOf(pair.key) !== 'tunnels') this.#wrong(pair.key, 'only "tunnels" is known here');
      list = contents.get('tunnels', true);
    }
    if (!isSeq(list)) {
      this.#wrong(list ?? contents, 'a list of tunnels is expected: tunnels: [{name: prod-rds}]');
      return [];
    }
    if (list.items.length > tunnelsMax) this.#wrong(list, `more than ${tunnelsMax} tunnels`);
    const read = list.items.slice(0, tunnelsMax).flatMap((item) => this.#entry(item) ?? []);
    for (const [i, { name, line }] of read.entries()) {
      const first = read.findIndex((other) => other.name === name);
      if (first < i)
        this.#errors.push({
          field: `line ${line}`,
          message: `${name} stands at line ${read[first]?.line} already`,
        });
    }
    return read;
  }

  #entry(item: unknown): FileTunnel | undefined {
    if (!isMap(item)) return this.#wrong(item, 'a tunnel is expected: {name: prod-rds}');
    const before = this.#errors.length;
    const values = new Map<string, unknown>();
    for (const pair of item.items) this.#member(pair, values);
    if (!item.has('name')) this.#wrong(item, 'the name is missing');
    if (values.has('socket') && (values.has('port') || values.has('bind')))
      this.#wrong(item, 'a socket takes the place of port and bind');
    if (this.#errors.length > before) return undefined;
    const text = (key: (typeof keys)[number]) => (values.get(key) as string | undefined) ?? null;
    return {
      name: text('name') ?? '',
      port: (values.get('port') as number | undefined) ?? null,
      bind: text('bind'),
      socketPath: this.#absolute(text('socket')),
      via: text('via') as Via | null,
      for: text('for'),
      reason: text('reason'),
      ticket: text('ticket'),
      line: this.#lineOf(item),
    };
  }

  #member({ key, value }: Pair, values: Map<string, unknown>): void {
    const word = wordOf(key);
    if (!(keys as readonly string[]).includes(word)) {
      const meant = nearest(word, keys);
      return this.#wrong(
        key,
        `"${clean(word).slice(0, 40)}" is not known${meant ? `; did you mean ${meant}` : ''}`,
      );
    }
    if (!isScalar(value)) return this.#wrong(value ?? key, `${word} is one value`);
    const given = value.value;
    const mistake = mistakeIn(word as (typeof keys)[number], given);
    if (mistake) this.#wrong(value, mistake);
    // A ticket may be a number, and is text all the same.
    else values.set(word, word === 'port' ? given : String(given));
  }

  #absolute(path: string | null): string | null {
    if (path === null) return null;
    const { folder, home } = this.#places;
    return path.startsWith('~/') ? join(home, path.slice(2)) : resolve(folder, path);
  }

  #wrong(node: unknown, message: string): undefined {
    this.#errors.push({ field: whereIn(this.#lines, startOf(node)), message });
    return undefined;
  }

  #lineOf(node: YAMLMap): number {
    return this.#lines.linePos(startOf(node)).line;
  }
}

function startOf(node: unknown): number {
  return (node as { range?: readonly number[] | null } | null)?.range?.[0] ?? 0;
}

function wordOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : '';
}

/** What is wrong with a value; undefined when nothing is. */
function mistakeIn(key: (typeof keys)[number], value: unknown): string | undefined {
  if (key === 'port')
    return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535
      ? undefined
      : 'port is a whole number from 0 (any free one) to 65535';
  if (typeof value !== 'string' && !(key === 'ticket' && typeof value === 'number')) return `${key} is text`;
  const text = String(value);
  if (text.trim() === '') return `${key} is empty`;
  if (key === 'name' && !/^[A-Za-z0-9][\w.-]{0,99}$/u.test(text))
    return `"${clean(text).slice(0, 40)}" is not a name`;
  if (key === 'bind' && isIP(text) === 0) return `"${clean(text).slice(0, 40)}" is not an IP address`;
  if (key === 'via' && !(vias as readonly string[]).includes(text)) return `via is ${vias.join(', ')}`;
  if (text.length > reasonMax) return `${key} is longer than ${reasonMax} characters`;
  return key === 'for' ? mistakeInDuration(text) : undefined;
}

function mistakeInDuration(text: string): string | undefined {
  try {
    parseDuration(text);
    return undefined;
  } catch (error) {
    return error instanceof Problem ? error.detail : 'not a duration';
  }
}
