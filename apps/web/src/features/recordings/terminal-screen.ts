import type { CastEvent, CastHead } from '@sallyport/recording';
import type { IBufferCell, IBufferLine } from '@xterm/headless';
import { Terminal } from '@xterm/headless/lib-headless/xterm-headless.mjs';

/** How a piece of text looks. Colours are those of CSS; absent ones are the screen's own. */
export interface Look {
  readonly ink?: string;
  readonly paper?: string;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly strike?: boolean;
  /** How many columns it takes, where that is not as many as characters. */
  readonly columns?: number;
}

export interface Run {
  readonly text: string;
  readonly look: Look;
}

/** What a terminal shows at one moment. */
export interface Shown {
  readonly columns: number;
  readonly rows: readonly (readonly Run[])[];
}

/** Columns and rows that are shown at most: a recording is the word of a client, and a screen takes memory by its size. */
const sideMax = 1_000;
/** Bytes that are handed over at once; the terminal takes them in slices and lets the page breathe. */
const batchBytes = 512 * 1024;

/** A terminal without a window: takes what was shown, and tells what it looks like. */
export class TerminalScreen {
  readonly #head: CastHead;
  #terminal: Terminal;

  constructor(head: CastHead) {
    this.#head = head;
    this.#terminal = terminalOf(head);
  }

  /** Back to the beginning. */
  reset(): void {
    this.#terminal.dispose();
    this.#terminal = terminalOf(this.#head);
  }

  /** Takes events in; resolves when all of them can be seen. */
  async take(events: readonly CastEvent[]): Promise<void> {
    let pending = 0;
    for (const event of events) {
      if (event.kind === 'resize') {
        await this.#written('');
        this.#terminal.resize(Math.min(event.cols, sideMax), Math.min(event.rows, sideMax));
        continue;
      }
      this.#terminal.write(event.bytes);
      pending += event.bytes.length;
      if (pending < batchBytes) continue;
      pending = 0;
      await this.#written('');
    }
    await this.#written('');
  }

  #written(text: string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(text, resolve));
  }

  shown(): Shown {
    const { active } = this.#terminal.buffer;
    const { cols, rows } = this.#terminal;
    const cursor = { x: Math.min(active.cursorX, cols - 1), y: active.cursorY };
    const cell = active.getNullCell();
    const lines = Array.from({ length: rows }, (_, y) => {
      const line = active.getLine(active.baseY + y);
      return line ? runsOf(line, cols, cell, y === cursor.y ? cursor.x : -1) : [];
    });
    return { columns: cols, rows: lines };
  }
}

function terminalOf({ width, height, env }: CastHead): Terminal {
  return new Terminal({
    ...{
      cols: Math.min(width, sideMax),
      rows: Math.min(height, sideMax),
      scrollback: 0,
      allowProposedApi: true,
    },
    // Without a terminal lines ended with a line feed alone.
    convertEol: env?.TERM === 'dumb',
  });
}

function runsOf(line: IBufferLine, columns: number, cell: IBufferCell, cursor: number): Run[] {
  const runs: { text: string; look: Look; key: string }[] = [];
  for (let x = 0; x < columns; x++) {
    if (!line.getCell(x, cell) || cell.getWidth() === 0) continue;
    const look = lookOf(cell, x === cursor);
    const text = cell.isInvisible() ? ' ' : cell.getChars() || ' ';
    const key = JSON.stringify(look);
    const last = runs.at(-1);
    if (last?.key === key && look.columns === undefined) last.text += text;
    else runs.push({ text, look, key });
  }
  // Blanks at the end of a line are no text.
  const last = runs.at(-1);
  if (last?.key === '{}') last.text = last.text.trimEnd();
  return runs.filter(({ text }) => text !== '').map(({ text, look }) => ({ text, look }));
}

function lookOf(cell: IBufferCell, cursor: boolean): Look {
  const painted = cell.isBgPalette() && cell.getBgColor() < 16;
  const ink = cell.isFgDefault()
    ? painted
      ? `var(--ansi-${darkPapers.has(cell.getBgColor()) ? 15 : 0})`
      : undefined
    : colour(cell.getFgColor(), cell.isFgRGB(), painted);
  const paper = cell.isBgDefault() ? undefined : colour(cell.getBgColor(), cell.isBgRGB(), true);
  const swapped = (cell.isInverse() !== 0) !== cursor;
  const [front, back] = swapped ? [paper ?? 'var(--term-paper)', ink ?? 'var(--term-ink)'] : [ink, paper];
  // One column is one character of plain text; others may come from a font of another width.
  const plain = cell.getWidth() === 1 && cell.getChars().length <= 1 && cell.getCode() < 0x2600;
  return {
    ...(front !== undefined && { ink: front }),
    ...(back !== undefined && { paper: back }),
    ...(cell.isBold() !== 0 && { bold: true }),
    ...(cell.isDim() !== 0 && { dim: true }),
    ...(cell.isItalic() !== 0 && { italic: true }),
    ...(cell.isUnderline() !== 0 && { underline: true }),
    ...(cell.isStrikethrough() !== 0 && { strike: true }),
    ...(!plain && { columns: cell.getWidth() }),
  };
}

/** Those of the first 16 colours on which plain text must be light. */
const darkPapers: ReadonlySet<number> = new Set([0, 1, 4, 5, 8]);

/**
 * The first 16 colours are the page's, in light and dark, and those of old where they are painted on or stand on paint;
 * then a cube of 6 x 6 x 6, then 24 greys (xterm's table).
 */
function colour(value: number, direct: boolean, painted: boolean): string {
  if (direct) return `#${value.toString(16).padStart(6, '0')}`;
  if (value < 16) return painted ? `var(--ansi-${value})` : `var(--term-${value})`;
  if (value >= 232) return rgb([0, 0, 0].map(() => 8 + (value - 232) * 10));
  const cube = value - 16;
  return rgb(
    [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((at) => (at === 0 ? 0 : 55 + at * 40)),
  );
}

const rgb = (parts: readonly number[]) => `rgb(${parts.join(' ')})`;
