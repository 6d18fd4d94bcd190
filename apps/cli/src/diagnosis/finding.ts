import type { Paint } from '../output/paint.ts';
import { troubleOf } from '../output/problem-text.ts';
import { clean } from '../output/text.ts';

/** One check of `tunnel doctor`. A warning does not stand in the way of a tunnel. */
export interface Finding {
  readonly id: string;
  readonly state: 'passed' | 'warning' | 'failed' | 'skipped';
  readonly detail: string;
  readonly code?: string;
  /** What to do about it. */
  readonly advice?: string;
  readonly exitCode?: number;
  /** What a program of the system printed about it, line by line. */
  readonly lines?: readonly string[];
}

/** Collects findings; a check never throws, what fails is a finding with its code. */
export class Findings {
  readonly items: Finding[] = [];

  /** Runs a check that resolves with what to say and what later checks need. */
  async check<T>(id: string, run: () => Promise<[string, T]>): Promise<T | undefined> {
    try {
      const [detail, value] = await run();
      this.items.push({ id, state: 'passed', detail });
      return value;
    } catch (error) {
      const { code, detail, advice, exitCode } = troubleOf(error);
      this.items.push({ id, state: 'failed', detail, code, advice, exitCode });
      return undefined;
    }
  }

  /** Something that is so, with what shows it. */
  tell(id: string, detail: string, lines: readonly string[] = []): void {
    this.items.push({ id, state: 'passed', detail, lines });
  }

  skip(id: string, detail: string): void {
    this.items.push({ id, state: 'skipped', detail });
  }

  /** A check whose failure is only a warning. */
  async advise(id: string, run: () => Promise<[string, unknown]>): Promise<void> {
    const before = this.items.length;
    await this.check(id, run);
    const found = this.items[before];
    if (found?.state === 'failed') this.items[before] = { ...found, state: 'warning' };
  }
}

/** What programs print is read by its indentation. */
const indentOf = (line: string) => ' '.repeat(/^ {0,16}/u.exec(line)?.[0].length ?? 0);

export function findingsText(findings: readonly Finding[], paint: Paint): string {
  const sign = {
    passed: paint.good('✓'),
    warning: paint.waiting('!'),
    failed: paint.bad('✗'),
    skipped: paint.dim('-'),
  };
  const width = Math.max(...findings.map(({ id }) => id.length)) + 2;
  return findings
    .flatMap(({ id, state, detail, code, advice, lines = [] }) => [
      `${sign[state]} ${id.padEnd(width)}${clean(detail).replace(/\.$/u, '')}${code ? ` (${code})` : ''}`,
      ...(advice && (state === 'failed' || state === 'warning')
        ? [`  ${' '.repeat(width)}${clean(advice)}`]
        : []),
      ...lines.map((line) => paint.dim(`    ${indentOf(line)}${clean(line)}`)),
    ])
    .join('\n');
}
