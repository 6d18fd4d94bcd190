/**
 * The runs of the test runner for `npm test`, each as its arguments. The suites that compute, and beside them those of the whole product, which mostly wait:
 * together they keep the processors busy, whereas one after the other would leave them idle half of the time.
 */
export function runs(named: readonly string[], processors: number): string[][] {
  if (named.length > 0) return [named.flatMap((name) => ['--project', name])];
  const workers = Math.max(2, processors - 1);
  return [
    ['--project=!e2e', '--project=!e2e-waiting', `--maxWorkers=${workers}`],
    ['--project=e2e', '--project=e2e-waiting'],
  ];
}

/** The arguments with which failed files of a run go once more, alone. The runner refuses a switch that is given twice. */
export function secondRunArguments(args: readonly string[], files: readonly string[]): string[] {
  return [...args.filter((arg) => !arg.startsWith('--maxWorkers')), '--maxWorkers=1', ...files];
}
