import stringWidth from 'string-width';
import { clean } from './text.ts';
import type { Paint } from './paint.ts';

/** One column. `right` aligns numbers; `give` lets the column shrink (with an ellipsis) when the terminal is narrow, the widest first. */
export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly right?: boolean;
  readonly give?: boolean;
  /** Left out where the terminal is too narrow for all: it is told elsewhere, or the same in most rows. */
  readonly spare?: boolean;
  /** Colour by state, on a terminal only; never the only carrier of the meaning. */
  readonly paint?: (row: Row, text: string, paint: Paint) => string;
}

export interface TableForm {
  readonly terminal: boolean;
  readonly width: number;
  readonly paint: Paint;
}

const gap = '  ';

/** Rows as text: aligned under a heading on a terminal, tab-separated without heading when piped. */
export function renderTable<Row>(rows: readonly Row[], all: readonly Column<Row>[], form: TableForm): string {
  const columns = form.terminal && widthOf(rows, all) > form.width ? all.filter(({ spare }) => !spare) : all;
  const cells = rows.map((row) => columns.map((column) => clean(column.value(row))));
  if (!form.terminal) return cells.map((line) => line.join('\t') + '\n').join('');
  const natural = naturalWidths(columns, cells);
  const widths = fit(natural, columns, form.width);
  const heading = columns.map((column, i) => pad(column.title, widths[i] ?? 0, column.right)).join(gap);
  const body = rows.map((row, r) =>
    columns
      .map((column, i) => {
        const text = pad(cut(cells[r]?.[i] ?? '', widths[i] ?? 0), widths[i] ?? 0, column.right);
        return column.paint ? column.paint(row, text, form.paint) : text;
      })
      .join(gap)
      .trimEnd(),
  );
  return [form.paint.dim(heading.trimEnd()), ...body].map((line) => line + '\n').join('');
}

function naturalWidths<Row>(
  columns: readonly Column<Row>[],
  cells: readonly (readonly string[])[],
): number[] {
  return columns.map((column, i) =>
    Math.max(stringWidth(column.title), ...cells.map((line) => stringWidth(line[i] ?? ''))),
  );
}

/** How wide a table is when nothing gives. */
function widthOf<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): number {
  const cells = rows.map((row) => columns.map((column) => clean(column.value(row))));
  return lineWidth(naturalWidths(columns, cells));
}

const lineWidth = (widths: readonly number[]) =>
  widths.reduce((sum, width) => sum + width, 0) + gap.length * (widths.length - 1);

function fit<Row>(natural: readonly number[], columns: readonly Column<Row>[], width: number): number[] {
  const widths = [...natural];
  const least = columns.map(({ title }) => Math.max(stringWidth(title), 8));
  for (let over = lineWidth(widths) - width; over > 0; over -= 1) {
    // The widest gives, so that none is cut to nothing beside one that has room.
    const givers = columns.flatMap(({ give }, i) => (give && (widths[i] ?? 0) > (least[i] ?? 0) ? [i] : []));
    const widest = givers.reduce(
      (one, i) => ((widths[i] ?? 0) > (widths[one] ?? 0) ? i : one),
      givers[0] ?? -1,
    );
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function pad(text: string, width: number, right = false): string {
  const blank = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return right ? blank + text : text + blank;
}

function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (stringWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return kept + '…';
}
