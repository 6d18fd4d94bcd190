import { writeFileSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';
import type { FailedOutside, FileResult, Report } from './tally.ts';

/** Where the report is written; the test command sets it. */
export const reportVariable = 'SALLYPORT_TEST_REPORT';

type Failure = Pick<SerializedError, 'message' | 'stack'> & {
  readonly name?: string;
  readonly diff?: unknown;
  readonly cause?: unknown;
};

/**
 * What the test command counts. vitest's own JSON report knows neither errors outside of tests nor those of a `describe` block's hooks, so that a run could
 * fail without a word of why at its end.
 */
export default class ReportForTally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const path = process.env[reportVariable];
    if (path === undefined) return;
    const report: Report = { testResults: modules.map(fileOf), outside: unhandled.map(outsideOf) };
    writeFileSync(path, JSON.stringify(report));
  }
}

function fileOf(module: TestModule): FileResult {
  const blocks = [...module.children.allSuites()].flatMap((block) => block.errors());
  return {
    name: module.moduleId,
    project: module.project.name,
    seconds: module.diagnostic().duration / 1000,
    status: module.state(),
    errors: [...module.errors(), ...blocks].map(text),
    assertionResults: [...module.children.allTests()].map((test) => {
      const { state, errors } = test.result();
      return { fullName: test.fullName, status: state, failureMessages: (errors ?? []).map(text) };
    }),
  };
}

function outsideOf(error: SerializedError): FailedOutside {
  const file: unknown = error.VITEST_TEST_PATH;
  return { text: text(error), ...(typeof file === 'string' ? { file } : {}) };
}

/** The message, the difference where one is known, the places, and the same of its cause, which names itself so. Some stacks begin with the message, some do not. */
function text({ name = 'Error', message, stack = '', diff, cause }: Failure): string {
  const headed = stack.includes(message) ? stack : `${name}: ${message}\n${stack}`;
  const places = headed.indexOf('\n    at ');
  const [said, where] = places < 0 ? [headed, ''] : [headed.slice(0, places), headed.slice(places)];
  const why = isFailure(cause) ? `\n${text(cause)}` : '';
  return `${said}${typeof diff === 'string' ? `\n${diff}` : ''}${where}${why}`;
}

function isFailure(value: unknown): value is Failure {
  return (
    typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
  );
}
