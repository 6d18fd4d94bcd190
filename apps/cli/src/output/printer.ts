import type { OutputStream, World } from '../world.ts';
import { paintFor, type Paint } from './paint.ts';
import type { Column } from './table.ts';
import { cleanLines, harmlessJson } from './text.ts';

/** Writes data to standard output and talk to standard error, in the form the reader can use. */
export class Printer {
  readonly json: boolean;
  readonly out: OutputStream;
  readonly err: OutputStream;
  /** Paint for standard output and for standard error. */
  readonly paint: Paint;
  readonly talkPaint: Paint;

  constructor(world: Pick<World, 'stdout' | 'stderr' | 'env'>, json: boolean) {
    this.json = json;
    this.out = world.stdout;
    this.err = world.stderr;
    this.paint = paintFor(world.stdout.isTTY, world.env);
    this.talkPaint = paintFor(world.stderr.isTTY, world.env);
  }

  /** One JSON object: one line when piped, indented for a person. */
  object(value: object): void {
    this.out.write(harmlessJson(value, this.out.isTTY ? 2 : undefined) + '\n');
  }

  /** The answer: the object with `--json`, else the text. */
  answer(value: object, text: () => string): void {
    if (this.json) this.object(value);
    else this.data(text());
  }

  /** A list: `{items: [...]}` with `--json`, else a table; `empty` says on standard error what would be here. */
  async list<Row extends object>(
    items: readonly Row[],
    columns: readonly Column<Row>[],
    empty: string,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    if (this.json) return this.object({ items, ...more });
    if (items.length === 0) return this.say(empty);
    const { renderTable } = await import('./table.ts');
    const form = { terminal: this.out.isTTY, width: this.out.columns ?? 100, paint: this.paint };
    this.data(renderTable(items, columns, form));
  }

  /** Text on standard output. */
  data(text: string): void {
    const harmless = cleanLines(text);
    this.err.write(this.#overPassing());
    this.out.write(harmless.endsWith('\n') || harmless === '' ? harmless : harmless + '\n');
  }

  /** A line of talk on standard error. */
  say(text: string): void {
    this.err.write(this.#overPassing() + cleanLines(text) + '\n');
  }

  /** A finished step with its elapsed time. */
  done(text: string, elapsedMs?: number): void {
    this.say(this.#doneText(text, elapsedMs));
  }

  /** A finished step on the way to another: on a terminal the next line takes its place. */
  step(text: string, elapsedMs: number): void {
    if (!this.err.isTTY) return this.done(text, elapsedMs);
    this.err.write(this.#overPassing() + cleanLines(this.#doneText(text, elapsedMs)).replaceAll('\n', ' '));
    this.#passing = true;
  }

  /** What is under way: on a terminal alone, and the next line takes its place. */
  passing(text: string): void {
    if (!this.err.isTTY) return;
    this.err.write(this.#overPassing() + cleanLines(text).replaceAll('\n', ' '));
    this.#passing = true;
  }

  /** Takes back what is still said of something under way. */
  passed(): void {
    this.err.write(this.#overPassing());
  }

  #doneText(text: string, elapsedMs: number | undefined): string {
    const time = elapsedMs === undefined ? '' : this.talkPaint.dim(`  ${(elapsedMs / 1000).toFixed(1)} s`);
    return `${this.talkPaint.good('✓')} ${text}${time}`;
  }

  /** A line without its end stands on the terminal. */
  #passing = false;
  /** What wipes such a line. */
  #overPassing(): string {
    if (!this.#passing) return '';
    this.#passing = false;
    return '\r\u001b[K';
  }
}
