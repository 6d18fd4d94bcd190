import { Unsupported } from '../outcome.ts';
import type { Matcher } from './operator.ts';

/** `true` or `false`, in any case. */
export function bool(wanted: string): Matcher {
  const right = readBool(wanted);
  if (right === undefined) throw new Unsupported(`${wanted} is neither true nor false`);
  return (actual) => {
    const left = readBool(actual);
    if (left === undefined) return 'unknown';
    return left === right ? 'yes' : 'no';
  };
}

/** Undefined for anything but the two words. */
export function readBool(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  if (lower === 'true') return true;
  return lower === 'false' ? false : undefined;
}
