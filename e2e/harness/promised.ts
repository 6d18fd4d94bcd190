import { availableParallelism, loadavg } from 'node:os';

/**
 * A time that is promised of a machine with processors to spare, in milliseconds: longer, in proportion, where more wants to run than there are processors
 * (mean of the last minute). A promise of two seconds says nothing of a machine that gives a program every tenth turn.
 */
export function promised(ms: number): number {
  return ms * Math.max(1, (2 * (loadavg()[0] ?? 0)) / availableParallelism());
}
