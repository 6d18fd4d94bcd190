import headless from '@xterm/headless';

/** What a recording tells: how long after its beginning, and how many bytes were shown or which size the terminal took. */
export interface CastLine {
  readonly atMs: number;
  readonly text: string;
  readonly bytes: number;
  readonly size: readonly [cols: number, rows: number] | undefined;
}

/** The events of a recording in the clear (asciicast 2). A byte that is no UTF-8 stands as one lone surrogate. */
export function eventsOf(cast: string): CastLine[] {
  return cast
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line) as [number, string, string])
    .map(([seconds, kind, text]) => ({
      ...{ atMs: seconds * 1000, text },
      bytes: kind === 'o' ? Buffer.byteLength(text.replaceAll(/\p{Surrogate}/gu, '?')) : 0,
      size: kind === 'r' ? (text.split('x').map(Number) as [number, number]) : undefined,
    }));
}

/** The lines of a terminal, at first of 100 by 30, that was written to as much as the recording tells by then: what, that is in no recording. */
export async function screenAt(
  written: Uint8Array,
  events: readonly CastLine[],
  untilMs: number,
): Promise<string[]> {
  const terminal = new headless.Terminal({ cols: 100, rows: 30, scrollback: 0, allowProposedApi: true });
  let at = 0;
  for (const { bytes, size } of events.filter(({ atMs }) => atMs <= untilMs)) {
    await new Promise<void>((done) => terminal.write(written.subarray(at, at + bytes), done));
    at += bytes;
    if (size) terminal.resize(...size);
  }
  const { active } = terminal.buffer;
  const screen = Array.from({ length: terminal.rows }, (_, row) =>
    (active.getLine(active.baseY + row)?.translateToString(true) ?? '').trimEnd(),
  );
  terminal.dispose();
  return screen;
}
