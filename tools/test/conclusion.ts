import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Failure, Tally } from './tally.ts';

const failuresMax = 25;
const linesMax = 12;
const columnsMax = 300;

/**
 * The last lines of the test command, counts last: logs are often cut in front, so that what failed, and why, stands right above them. `missing` are lines about
 * programs that are not here; in CI (`ci`) these and skips refuse.
 */
export function conclusion(
  total: Tally,
  { root, seconds, missing, ci }: { root: string; seconds: number; missing: readonly string[]; ci: boolean },
): { readonly lines: string[]; readonly passed: boolean } {
  const refused = ci && (missing.length > 0 || total.skipped.length > 0);
  const lines = [
    ...missing,
    ...total.skipped.map((name) => `skipped: ${name}`),
    ...named('unsteady (failed, then passed alone)', total.unsteady, root),
    ...named('FAILED', total.failed, root),
    ...(refused ? ['CI=true: a skip or a missing program is a failure.'] : []),
    ...longestLine(total, root),
    `${Math.round(seconds)} s`,
    `${total.passed} passed, ${total.failed.length} failed, ${total.skipped.length} skipped`,
  ];
  return { lines, passed: total.failed.length === 0 && !refused && total.passed > 0 };
}

function longestLine({ longest }: Tally, root: string): string[] {
  if (longest.length === 0) return [];
  return [
    `longest: ${longest.map(({ file, seconds }) => `${relative(root, file)} ${Math.round(seconds)} s`).join(', ')}`,
  ];
}

function named(word: string, failures: readonly Failure[], root: string): string[] {
  const lines = failures.slice(0, failuresMax).flatMap(({ file, name, errors }) => {
    const where = file === undefined ? 'no file is known' : relative(root, file);
    const why = errors.length > 0 ? errors.flatMap(firstLines) : ['(nothing was said about why)'];
    return [`${word}: ${where} > ${name}`, ...why.map((line) => `    ${line}`)];
  });
  const more = failures.length - failuresMax;
  return more > 0 ? [...lines, `${word}: ${more} more`] : lines;
}

/** What an error says first: its message, and then the first places that are the project's own. */
function firstLines(error: string): string[] {
  return stripVTControlCharacters(error)
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at .*(node_modules|node:|<anonymous>)/.test(line))
    .slice(0, linesMax)
    .map((line) => (line.length > columnsMax ? `${line.slice(0, columnsMax)} ...` : line));
}
