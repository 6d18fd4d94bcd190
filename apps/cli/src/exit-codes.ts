import { kinds } from '@sallyport/problems';

/** What `tunnel` exits with. Problems have the code of their kind; the other two are not problems. */
export const exitCodes = {
  done: 0,
  interrupted: 130,
  usage: kinds.invalid.exit,
  pending: kinds.pending.exit,
  ended: kinds.ended.exit,
} as const;

/** Exit status of a command that a signal ended, as shells count it. */
export function exitCodeOfSignal(number: number): number {
  return 128 + number;
}
