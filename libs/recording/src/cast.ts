import { Problem } from '@sallyport/problems';
import { bytesOf } from './shown-text.ts';

/** The first line of an asciicast v2 file (docs.asciinema.org/manual/asciicast/v2). */
export interface CastHead {
  readonly width: number;
  readonly height: number;
  /** When it began, in seconds of Unix time. */
  readonly timestamp: number;
  readonly title?: string;
  /** `TERM: dumb` where there was no terminal: then lines end with a line feed alone. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What happened, so many milliseconds after the beginning. What is typed is no event. */
export type CastEvent =
  | { readonly atMs: number; readonly kind: 'output'; readonly text: string; readonly bytes: Uint8Array }
  | { readonly atMs: number; readonly kind: 'resize'; readonly cols: number; readonly rows: number };

const sideMax = 10_000;
const textMax = 1_000;

export function headLine({ width, height, timestamp, title, env }: CastHead): string {
  return `${JSON.stringify({ version: 2, width, height, timestamp, title, env })}\n`;
}

/** One event as a line; the time has microseconds. */
export function castLine(atMs: number, code: 'o' | 'r', data: string): string {
  return `[${(atMs / 1000).toFixed(6)}, "${code}", ${JSON.stringify(data)}]\n`;
}

/** Reads the first line (RECORDING_UNREADABLE). */
export function readHead(line: string): CastHead {
  const head = parsed(line) as Partial<CastHead & { version: unknown }> | null;
  if (typeof head !== 'object' || head === null || head.version !== 2) throw foreign();
  const { width, height, timestamp, title, env } = head;
  if (!isSide(width) || !isSide(height)) throw foreign();
  if (typeof timestamp !== 'number' || !(timestamp >= 0 && timestamp < 1e12)) throw foreign();
  const words = typeof env === 'object' && env !== null ? Object.entries(env) : [];
  return {
    ...{ width, height, timestamp },
    ...(typeof title === 'string' && { title: title.slice(0, textMax) }),
    ...(words.length > 0 && {
      env: Object.fromEntries(
        words
          .filter((word): word is [string, string] => typeof word[1] === 'string')
          .slice(0, 20)
          .map(([name, value]) => [name.slice(0, textMax), value.slice(0, textMax)]),
      ),
    }),
  };
}

/** Reads an event; undefined for one of a kind that is not ours (RECORDING_UNREADABLE). Time never runs backwards. */
export function readEvent(line: string, notBeforeMs: number): CastEvent | undefined {
  const event = parsed(line);
  if (!Array.isArray(event)) throw foreign();
  const [seconds, code, data] = event as unknown[];
  if (typeof seconds !== 'number' || !(seconds >= 0 && seconds < 1e9)) throw foreign();
  const atMs = Math.max(notBeforeMs, Math.round(seconds * 1e6) / 1e3);
  if (code === 'o' && typeof data === 'string')
    return { atMs, kind: 'output', text: data, bytes: bytesOf(data) };
  if (code !== 'r' || typeof data !== 'string') return undefined;
  const [cols, rows] = (/^(\d{1,5})x(\d{1,5})$/.exec(data)?.slice(1) ?? []).map(Number);
  if (!isSide(cols) || !isSide(rows)) return undefined;
  return { atMs, kind: 'resize', cols, rows };
}

function isSide(side: unknown): side is number {
  return Number.isInteger(side) && (side as number) > 0 && (side as number) <= sideMax;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw foreign();
  }
}

function foreign(): Problem {
  return new Problem('RECORDING_UNREADABLE', { detail: 'What was decrypted is no asciicast of version 2.' });
}
