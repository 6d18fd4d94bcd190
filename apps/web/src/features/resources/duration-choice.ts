import { durationInWords, parseDuration } from '../../clock/durations.ts';

const usual = [30 * 60, 60 * 60, 4 * 60 * 60];
const shortestSeconds = 60;

/** The offered durations: the usual ones that the policy permits, or its longest when all are longer. */
export function offeredDurations(maxSeconds: number): number[] {
  const offered = usual.filter((seconds) => seconds <= maxSeconds);
  return offered.length > 0 ? offered : [maxSeconds];
}

/** By how much a grant may be extended: the usual steps that the budget permits, or all that is left of it. */
export function offeredExtensions(leftSeconds: number): number[] {
  const offered = [15 * 60, 30 * 60, 60 * 60].filter((seconds) => seconds <= leftSeconds);
  return offered.length > 0 ? offered : [leftSeconds];
}

/** Durations below the one that was asked for, for approving less. */
export function shorterDurations(askedSeconds: number): number[] {
  const halves = [15 * 60, 30 * 60, 60 * 60, 2 * 60 * 60, 4 * 60 * 60, 8 * 60 * 60];
  return halves.filter((seconds) => seconds < askedSeconds).slice(-3);
}

/** Seconds a person typed, or what is wrong with it. */
export function customDuration(text: string, maxSeconds: number): { seconds: number } | { wrong: string } {
  const seconds = parseDuration(text);
  if (seconds === undefined) return { wrong: 'Type a time such as 45m, 1h30 or 2h.' };
  if (seconds < shortestSeconds) return { wrong: 'One minute is the shortest.' };
  if (seconds > maxSeconds) return { wrong: `The policy permits ${durationInWords(maxSeconds)} at most.` };
  return { seconds };
}
