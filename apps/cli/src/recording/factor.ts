import { Problem } from '@sallyport/problems';

/** A number of a flag, above 0 and at most 1000 (COMMAND_USAGE). */
export function factor(flag: string, text: string): number {
  const value = /^\d{1,4}(\.\d{1,3})?$/u.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= 1000))
    throw new Problem('COMMAND_USAGE', {
      detail: `${flag} takes a number above 0 and up to 1000, not "${text.slice(0, 20)}".`,
    });
  return value;
}
