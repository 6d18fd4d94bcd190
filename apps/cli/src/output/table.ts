import stringWidth from 'string-width';
import { clean } from './text.ts';
import type { Paint } from './paint.ts';

/** One column. `right` aligns numbers; `give` lets the column shrink (with an ellipsis) when the terminal is narrow. */
export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly right?: boolean;
  readonly give?: boolean;
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
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  form: TableForm,
): string {
  const cells = rows.map((row) => columns.map((column) => clean(column.value(row))));
  if (!form.terminal) return cells.map((line) => line.join('\t') + '\n').join('');
  const natural = columns.map((column, i) =>
    Math.max(stringWidth(column.title), ...cells.map((line) => stringWidth(line[i] ?? ''))),
  );
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

function fit<Row>(natural: readonly number[], columns: readonly Column<Row>[], width: number): number[] {
  const widths = [...natural];
  let over = widths.reduce((sum, w) => sum + w, 0) + gap.length * (widths.length - 1) - width;
  for (const [i, column] of columns.entries()) {
    if (over <= 0 || !column.give) continue;
    const least = Math.max(stringWidth(column.title), 8);
    const taken = Math.max(0, Math.min(over, (widths[i] ?? 0) - least));
    widths[i] = (widths[i] ?? 0) - taken;
    over -= taken;
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
