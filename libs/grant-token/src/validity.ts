import { Problem } from '@sallyport/problems';
import { clockSkewSecondsMax } from './limits.ts';

/** The times that every token carries, in Unix seconds. */
export interface Times {
  readonly nbf: number;
  readonly exp: number;
}

/**
 * Judges the times of a token at `now` (Unix milliseconds). Refuses SIGNED_TOKEN_LIFETIME_TOO_LONG, _EXPIRED, _NOT_YET_VALID. A clock that
 * is a little behind may see a fresh token as future; nothing is given away on the far end.
 */
export function judgeTimes(times: Times, now: number, secondsMax: number): void {
  if (times.exp <= times.nbf || times.exp - times.nbf > secondsMax)
    throw new Problem('SIGNED_TOKEN_LIFETIME_TOO_LONG');
  if (now >= times.exp * 1000) throw new Problem('SIGNED_TOKEN_EXPIRED');
  if (now < (times.nbf - clockSkewSecondsMax) * 1000) throw new Problem('SIGNED_TOKEN_NOT_YET_VALID');
}
