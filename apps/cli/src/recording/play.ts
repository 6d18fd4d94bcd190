import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Problem } from '@sallyport/problems';
import { bytesOf, openRecording, type OpenRecording } from '@sallyport/recording';
import { sayDuration, sayMoment } from '../output/duration.ts';
import type { Printer } from '../output/printer.ts';
import { clean } from '../output/text.ts';
import { Interrupted, type World } from '../world.ts';
import { HarmlessView } from './harmless-view.ts';
import { PlayKeys } from './play-keys.ts';

export interface PlayWish {
  /** How many times as fast as it was; undefined: as it was at a terminal, at once elsewhere. */
  readonly speed: number | undefined;
  /** No pause is longer, in seconds. */
  readonly pause: number;
}

/** What is told of a recording beside what it shows. */
export interface RecordingFacts {
  readonly id: string;
  readonly title: string | null;
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly bytes: number;
  /** False: its end is missing. */
  readonly complete: boolean;
}

/** Brings a terminal back from whatever the recording left it in: screen, colours, cursor, mouse, pasting. */
const asBefore =
  '\u001b[?2026l\u001b[?1049l\u001b[!p\u001b[?5l\u001b[?7h\u001b[?69l\u001b[?25h\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1006l\u001b[?2004l\u001b[0m\r\n';
/** Terminals answer what a program asks of them; answers to a recording are nobody's input. */
const answersWithinMs = 100;

/** Opens a file of this machine (FILE_UNUSABLE, RECORDING_KEY_WRONG, RECORDING_UNREADABLE). */
export async function openFile(file: string, identities: readonly string[]): Promise<OpenRecording> {
  const path = resolve(file);
  const found = await stat(path).catch((cause: unknown) => {
    throw new Problem('FILE_UNUSABLE', { detail: `${clean(path)} could not be read.`, cause });
  });
  if (!found.isFile()) throw new Problem('FILE_UNUSABLE', { detail: `${clean(path)} is no file.` });
  return openRecording(createReadStream(path), identities);
}

/** Goes through it without showing it. */
export async function factsOf(id: string, recording: OpenRecording): Promise<RecordingFacts> {
  let [lastMs, bytes] = [0, 0];
  for await (const event of recording.events) {
    lastMs = event.atMs;
    if (event.kind === 'output') bytes += event.bytes.length;
  }
  return facts(id, recording, lastMs, bytes);
}

function facts(id: string, { head, whole }: OpenRecording, lastMs: number, bytes: number): RecordingFacts {
  const startedAt = new Date(head.timestamp * 1000).toISOString();
  const title = head.title ?? null;
  return { id, title, startedAt, durationSeconds: Math.round(lastMs) / 1000, bytes, complete: whole() };
}

/**
 * Shows a recording as it was: byte for byte, but at a terminal without what would do more to it than show ({@link HarmlessView}), in its time and with keys. Resolves with what is to
 * be told of it.
 */
export async function playRecording(
  { world, printer }: { readonly world: World; readonly printer: Printer },
  id: string,
  recording: OpenRecording,
  { speed, pause }: PlayWish,
): Promise<RecordingFacts> {
  const { to, from } = world.bytes();
  const terminal = world.terminal();
  const { head } = recording;
  if (terminal) printer.say(heading(recording, terminal.size));
  const restore = terminal?.raw();
  const keys = new PlayKeys(world.effects, speed ?? (terminal ? 1 : Number.POSITIVE_INFINITY));
  const stop = terminal ? keys.listen(from) : () => undefined;
  const stopSignal = world.onSignal(() => keys.leave());
  // Without a terminal a line feed was all there was; at one it wants its carriage return.
  const bare = terminal !== undefined && head.env?.['TERM'] === 'dumb';
  // Also where the keys do not come from there.
  const view = world.stdout.isTTY ? new HarmlessView() : undefined;
  let [lastMs, bytes] = [0, 0];
  try {
    for await (const event of recording.events) {
      await keys.wait(Math.min(event.atMs - lastMs, pause * 1000));
      lastMs = event.atMs;
      if (event.kind === 'output') {
        bytes += event.bytes.length;
        await written(to, view ? bytesOf(atTerminal(view.take(event.text), bare)) : event.bytes);
      }
    }
    return facts(id, recording, lastMs, bytes);
  } finally {
    if (terminal) {
      to.write(asBefore);
      await world.effects.timers.wait(answersWithinMs);
    }
    stopSignal();
    stop();
    restore?.();
  }
}

function atTerminal(text: string, bare: boolean): string {
  return bare ? text.replace(/\r?\n/gu, '\r\n') : text;
}

function written(to: ReturnType<World['bytes']>['to'], bytes: Uint8Array): Promise<void> {
  return new Promise((done, failed) => {
    // A reader that left has seen enough.
    if (to.destroyed || to.errored !== null) return failed(new Interrupted());
    to.write(bytes, (error) => (error ? failed(new Interrupted()) : done()));
  });
}

function heading(
  { head }: OpenRecording,
  { cols, rows }: { readonly cols: number; readonly rows: number },
): string {
  const small =
    cols < head.width || rows < head.height
      ? `\nIt was recorded at ${head.width}x${head.height}, this terminal has ${cols}x${rows}: make it larger to see it as it was.`
      : '';
  const moment = sayMoment(new Date(head.timestamp * 1000).toISOString());
  return `${clean(head.title ?? 'recording')}, ${moment}. Space pauses, + and - change the speed, q ends.${small}`;
}

/** One line for people at the end. */
export function ending({ durationSeconds, complete }: RecordingFacts): string {
  return complete
    ? `The recording ends here, after ${sayDuration(durationSeconds)}.`
    : `The recording stops here, after ${sayDuration(durationSeconds)}: its end is missing. Its writer was killed, or it was cut.`;
}
