/** What the test runner's JSON report says, as far as it is counted here (jest's form, which vitest writes). */
export interface Report {
  readonly testResults: readonly FileResult[];
}

export interface FileResult {
  /** Path of the file. */
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
}

export interface Tally {
  passed: number;
  failed: number;
  readonly skipped: string[];
  /** Tests that failed, and passed when their file ran again alone. They count as passed, and are named. */
  readonly unsteady: string[];
}

/**
 * More files than this do not fail for want of luck. Up to as many run once more, alone: the machines are shared, and what fails beside other work and
 * passes by itself is told from what is broken by naming it, not by hiding either.
 */
export const secondRunsMax = 3;

/** The files in which something failed, one that could not be loaded among them. */
export function failedFiles(report: Report): string[] {
  return report.testResults.filter(failedIn).map(({ name }) => name);
}

/** Counts a report; files that `again` holds count as they went there. A file that failed both times is a failure. */
export function tally(report: Report, again: Report | undefined): Tally {
  const total: Tally = { passed: 0, failed: 0, skipped: [], unsteady: [] };
  for (const first of report.testResults) {
    const second = again?.testResults.find(({ name }) => name === first.name);
    count(second ?? first, total);
    if (!second || !failedIn(first) || failedIn(second)) continue;
    const names = failures(first);
    total.unsteady.push(...(names.length > 0 ? names : [first.name]));
  }
  return total;
}

function count(file: FileResult, total: Tally): void {
  for (const { status, fullName } of file.assertionResults) {
    if (status === 'passed') total.passed++;
    else if (status === 'failed') total.failed++;
    else total.skipped.push(fullName);
  }
  // A file that could not be loaded has no failed test in it, and is a failure all the same.
  if (file.status === 'failed' && failures(file).length === 0) total.failed++;
}

function failures(file: FileResult): string[] {
  return file.assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
}

function failedIn(file: FileResult): boolean {
  return file.status === 'failed' || failures(file).length > 0;
}
