/** What the reporter beside this file writes of one run. */
export interface Report {
  readonly testResults: readonly FileResult[];
  /** Errors outside of every test: an unhandled rejection, a worker that died. */
  readonly outside: readonly FailedOutside[];
}

export interface FailedOutside {
  /** Message and stack. */
  readonly text: string;
  /** Path of the file whose tests were running then, where that is known. */
  readonly file?: string;
}

export interface FileResult {
  /** Path of the file. */
  readonly name: string;
  readonly project: string;
  /** Of its tests and hooks. */
  readonly seconds: number;
  readonly status: string;
  /** Of the file itself: it could not be loaded, or a hook failed. Message and stack. */
  readonly errors: readonly string[];
  readonly assertionResults: readonly TestResult[];
}

export interface TestResult {
  readonly status: string;
  readonly fullName: string;
  /** Message and stack of each error. */
  readonly failureMessages: readonly string[];
}

export interface Failure {
  /** Path of the file; undefined where nobody knows it. */
  readonly file: string | undefined;
  /** Name of the test, or what it was instead. */
  readonly name: string;
  /** Message and stack of each error. */
  readonly errors: readonly string[];
}

export interface Tally {
  passed: number;
  readonly failed: Failure[];
  readonly skipped: string[];
  /** Tests that failed, and passed when their file ran again alone. They count as passed, and are named with why they failed. */
  readonly unsteady: Failure[];
  /** Files, the one that took longest first; those of a second run as they went there. */
  readonly longest: { readonly file: string; readonly seconds: number }[];
}

/** So many of the longest files are named. */
const longestMax = 12;

/**
 * More files than this do not fail for want of luck. Up to as many run once more, alone: the machines are shared, and what fails beside other work and
 * passes by itself is told from what is broken by naming it, not by hiding either.
 */
export const secondRunsMax = 3;

/** The files in which something failed, one that could not be loaded and one that left a rejection unhandled among them. */
export function failedFiles(report: Report): string[] {
  const of = new Set(report.outside.map(({ file }) => file));
  return report.testResults.filter((file) => failedIn(file) || of.has(file.name)).map(({ name }) => name);
}

/** Counts a report; files that `again` holds count as they went there. A file that failed both times is a failure. */
export function tally(report: Report, again: Report | undefined): Tally {
  const total: Tally = { passed: 0, failed: [], skipped: [], unsteady: [], longest: [] };
  for (const first of report.testResults) {
    const second = again?.testResults.find(({ name }) => name === first.name);
    const firstFailures = failures(first, report);
    count(second ?? first, total);
    total.longest.push({ file: first.name, seconds: (second ?? first).seconds });
    const remaining = second && again ? failures(second, again) : firstFailures;
    total.failed.push(...remaining);
    if (remaining.length === 0) total.unsteady.push(...firstFailures);
  }
  // A worker that dies names no file, and leaves those unfinished that it had: when these end well alone, so has it been told apart.
  const explained = report.testResults.some(unfinished) && again !== undefined && total.failed.length === 0;
  (explained ? total.unsteady : total.failed).push(...unplaced(report));
  if (again) total.failed.push(...unplaced(again));
  keepLongest(total);
  return total;
}

/** Adds what one run counted to what all did. */
export function add(one: Tally, total: Tally): void {
  total.passed += one.passed;
  total.failed.push(...one.failed);
  total.skipped.push(...one.skipped);
  total.unsteady.push(...one.unsteady);
  total.longest.push(...one.longest);
  keepLongest(total);
}

function keepLongest({ longest }: Tally): void {
  longest.sort((a, b) => b.seconds - a.seconds);
  longest.splice(longestMax);
}

function count(file: FileResult, total: Tally): void {
  for (const { status, fullName } of file.assertionResults) {
    if (status === 'passed') total.passed++;
    else if (status === 'skipped') total.skipped.push(fullName);
  }
}

/** Errors that no file of the report is known for. */
function unplaced({ outside: errors, testResults }: Report): Failure[] {
  return errors.filter(({ file }) => !testResults.some(({ name }) => name === file)).map(outside);
}

function failures(file: FileResult, report: Report): Failure[] {
  const tests = file.assertionResults
    .filter(failedTest)
    .map(({ fullName, failureMessages }) => ({ file: file.name, name: fullName, errors: failureMessages }));
  const around = report.outside.filter((error) => error.file === file.name).map(outside);
  // A file that could not be loaded, or a hook of which failed, may have no failed test in it, and is a failure all the same.
  const whole =
    file.errors.length > 0 || (failedIn(file) && tests.length === 0)
      ? [{ file: file.name, name: 'the file itself', errors: file.errors }]
      : [];
  return [...whole, ...tests, ...around];
}

function outside({ file, text }: FailedOutside): Failure {
  return { file, name: 'an error outside of every test', errors: [text] };
}

function failedIn(file: FileResult): boolean {
  return (
    unfinished(file) ||
    file.status === 'failed' ||
    file.errors.length > 0 ||
    file.assertionResults.some(failedTest)
  );
}

/** Failed, or never came to its end. */
function failedTest({ status }: TestResult): boolean {
  return status !== 'passed' && status !== 'skipped';
}

function unfinished({ status }: FileResult): boolean {
  return status === 'pending' || status === 'queued';
}
